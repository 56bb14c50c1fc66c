namespace MetricLearning

open System.Collections.Generic

/// The order of strings by code point, as UTF-8 and Python have it; .NET compares UTF-16 units, which puts U+10000 and above before
/// U+E000.
module internal CodePoints =

    let private weight (unit: char) =
        if unit >= '\uE000' then int unit - 0x800
        elif unit >= '\uD800' then int unit + 0x2000
        else int unit

    /// Compares by code point.
    let order: Comparer<string> =
        Comparer<string>.Create(fun one other ->
            let shared = min one.Length other.Length
            let mutable place = 0

            while place < shared && one[place] = other[place] do
                place <- place + 1

            if place = shared then
                compare one.Length other.Length
            else
                compare (weight one[place]) (weight other[place]))

    /// Each string once, in order.
    let distinct (words: string[]) : string[] =
        let distinct = Array.distinct words
        System.Array.Sort(distinct, order)
        distinct
