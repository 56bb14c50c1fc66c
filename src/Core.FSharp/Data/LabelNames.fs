namespace MetricLearning

open System.Collections.Concurrent
open System.Collections.Generic
open MetricLearning.Core

/// Numbers for labels that are strings: a string of a level has the same number in every data set that is read with these, and no other
/// string has it. They count from 0.
[<Sealed>]
type internal LabelNames() =
    let gate = obj ()
    // Several threads read samples, in any order; what they read has no number of its own yet.
    let drafts = Dictionary<string, int64>()
    let drafted = ResizeArray<string>()

    let levels =
        Dictionary<int, struct (Dictionary<string, int64> * ResizeArray<string>)>()

    let levelOf (level: int) =
        match levels.TryGetValue level with
        | true, found -> found
        | _ ->
            let made = struct (Dictionary<string, int64>(), ResizeArray<string>())
            levels[level] <- made
            made

    let numberOf (level: int) (word: string) : int64 =
        let struct (numbers, names) = levelOf level

        match numbers.TryGetValue word with
        | true, number -> number
        | _ ->
            names.Add word
            numbers[word] <- int64 (names.Count - 1)
            int64 (names.Count - 1)

    let draftOf (word: string) : int64 =
        match drafts.TryGetValue word with
        | true, draft -> draft
        | _ ->
            drafted.Add word
            drafts[word] <- int64 (drafted.Count - 1)
            int64 (drafted.Count - 1)

    /// Stand-ins for strings until `Settle`. On any thread.
    member _.Draft(words: string[]) : int64[] =
        lock gate (fun () -> Array.map draftOf words)

    /// Numbers the strings of a level that have none yet, in their order.
    member _.Know(level: int, words: string[]) : unit =
        lock gate (fun () ->
            for word in CodePoints.distinct words do
                numberOf level word |> ignore)

    /// The numbers that stand-ins stand for. Strings that have none yet get theirs in the order of rows.
    member _.Settle(level: int, drafts: int64[]) : int64[] =
        lock gate (fun () -> drafts |> Array.map (fun draft -> numberOf level drafted[int draft]))

    /// The strings of a level by their numbers.
    member _.Of(level: int) : string[] =
        lock gate (fun () ->
            let struct (_, names) = levelOf level
            names.ToArray())

/// The labels of one data set, some levels of which are strings.
[<Sealed>]
type internal NamedLabels(names: LabelNames) =
    let areWords = ConcurrentDictionary<int, bool>()

    /// True for a level of strings.
    member _.IsNamed(level: int) : bool =
        match areWords.TryGetValue level with
        | true, named -> named
        | _ -> false

    /// Integers as they are, strings as stand-ins. ArgumentException if the level had the other kind before.
    member _.Draft(level: int, column: LabelColumn) : int64[] =
        let isWords = column.IsWords

        if column.Length > 0 && areWords.GetOrAdd(level, isWords) <> isWords then
            Labels.refuse $"Some labels of level {level} are strings and others integers: use one kind."

        match column with
        | LabelColumn.Numbers numbers -> numbers
        | LabelColumn.Words words -> names.Draft words

    /// Numbers the strings of a whole data set.
    member _.Know(columns: LabelColumn[]) : unit =
        columns
        |> Array.iteri (fun level column ->
            match column with
            | LabelColumn.Words words -> names.Know(level, words)
            | LabelColumn.Numbers _ -> ())

    /// The numbers of stand-ins; integers as they are.
    member this.Settle(level: int, labels: int64[]) : int64[] =
        if this.IsNamed level then
            names.Settle(level, labels)
        else
            labels

    /// The strings of a level by their numbers; none if its labels are integers.
    member this.Of(level: int) : string[] =
        if this.IsNamed level then names.Of level else [||]
