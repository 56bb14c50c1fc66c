namespace MetricLearning

open System
open System.Collections.Generic
open MetricLearning.Core

/// Reads a sequence forward and remembers the latest million items; going back further starts over. The
/// answers do not depend on earlier questions, as long as the sequence yields the same items each time.
[<Sealed>]
type internal RewindableSequence<'T>(items: IEnumerable<'T>) =
    let keep = 1_000_000
    let recent = ResizeArray<'T>()
    let mutable reader = items.GetEnumerator()
    let mutable first = 0L // the position of recent[0]
    let mutable ended = false
    let mutable broken = false

    let startOver () =
        reader.Dispose()
        reader <- items.GetEnumerator()
        recent.Clear()
        first <- 0L
        ended <- false
        broken <- false

    let readOne (wanted: int64) =
        try
            if reader.MoveNext() then
                recent.Add reader.Current
            else
                ended <- true
        with _ ->
            // An iterator that threw pretends to be at its end when asked again.
            broken <- true
            reraise ()

        if recent.Count >= 2 * keep && first + int64 keep <= wanted then
            recent.RemoveRange(0, keep)
            first <- first + int64 keep

    /// The items from `start` on: `count` of them, or fewer where the sequence ends.
    member _.Slice(start: int64, count: int) : 'T[] =
        if broken || start < first then
            startOver ()

        while not ended && first + int64 recent.Count < start + int64 count do
            readOne start

        let place = start - first

        if place >= int64 recent.Count then
            [||]
        else
            recent.GetRange(int place, min count (recent.Count - int place)).ToArray()

    interface IDisposable with
        member _.Dispose() = reader.Dispose()
