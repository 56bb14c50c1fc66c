namespace MetricLearning

open System
open System.Collections.Generic

/// A split to evaluate, and the splits that its neighbours are searched in.
[<Sealed>]
type SplitToEval(query: string, references: IReadOnlyList<string>) =

    do
        ArgumentException.ThrowIfNullOrEmpty(query, nameof query)

        Arguments.noneNull (nameof references) references |> ignore

        if references.Count = 0 then
            invalidArg (nameof references) $"The split \"{query}\" has no references: give it at least itself."

        if Seq.length (Seq.distinct references) <> references.Count then
            invalidArg (nameof references) $"A reference of the split \"{query}\" is there twice: give each once."

    // Its own rows first, so that no sample is its own neighbour.
    let references =
        [|
            if Seq.contains query references then
                query
            yield! Seq.filter ((<>) query) references
        |]

    /// A split that is searched in itself.
    new(query: string) = SplitToEval(query, [| query |])

    /// The split whose samples look for neighbours.
    member _.Query = query

    /// The splits that are searched; the split itself first, if it is one of them.
    member _.References: IReadOnlyList<string> = references

    /// True if the split itself is among its references.
    member _.IncludesQuery = references[0] = query

module internal SplitToEval =

    /// The given splits, or every split against itself.
    /// ArgumentException for a split that does not exist or is evaluated twice.
    let choose (names: IReadOnlyCollection<string>) (given: IReadOnlyList<SplitToEval> | null) : SplitToEval[] =
        match given with
        | null -> names |> Seq.map SplitToEval |> Seq.toArray
        | given ->
            for split in Arguments.noneNull "splitsToEval" given do
                for name in Seq.append [ split.Query ] split.References do
                    if not (Seq.contains name names) then
                        let known = String.Join(", ", names)

                        invalidArg "splitsToEval" $"There is no split \"{name}\" in the data sets: there are {known}."

            given
            |> Seq.countBy _.Query
            |> Seq.iter (fun (name, count) ->
                if count > 1 then
                    invalidArg
                        "splitsToEval"
                        $"The split \"{name}\" is evaluated {count} times, and results have its name: give it once, with all its references.")

            Seq.toArray given
