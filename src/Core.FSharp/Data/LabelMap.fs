namespace MetricLearning

open System
open System.Collections.Generic
open TorchSharp
open MetricLearning.Core

/// The levels of the label hierarchy that count.
[<RequireQualifiedAccess>]
type HierarchyLevel =
    /// One level, from 0: labels become a vector.
    | One of int
    /// Several levels in this order: labels become a matrix, one row per sample.
    | Several of int[]
    /// Every level.
    | All

[<RequireQualifiedAccess>]
type private LevelMap =
    // Numbers stay; words have no numbers.
    | Keep
    | Ranks of int64[]
    | WordRanks of string[]

/// The map from labels to integers, level by level: the labels themselves, or their ranks among the distinct labels of the
/// data set.
[<Sealed>]
type LabelMap private (levels: LevelMap[]) =

    // Strings compare by code point, as UTF-8 and Python do; .NET compares UTF-16 units, which puts
    // U+10000 and above before U+E000.
    static let byCodePoint =
        let weight (unit: char) =
            if unit >= '\uE000' then int unit - 0x800
            elif unit >= '\uD800' then int unit + 0x2000
            else int unit

        Comparer<string>.Create(fun one other ->
            let shared = min one.Length other.Length
            let mutable place = 0

            while place < shared && one[place] = other[place] do
                place <- place + 1

            if place = shared then
                compare one.Length other.Length
            else
                compare (weight one[place]) (weight other[place]))

    static let unknown (label: string) (level: int) (known: int) : int64 =
        Labels.refuse
            $"Label {label} of level {level} is not among the {known} distinct labels of DatasetLabels: DatasetLabels must hold every label of the data set."

    static let levelMap (rank: bool) (column: LabelColumn) =
        match column with
        | LabelColumn.Words words ->
            let distinct = Array.distinct words
            Array.Sort(distinct, byCodePoint)
            LevelMap.WordRanks distinct
        | LabelColumn.Numbers numbers when rank -> LevelMap.Ranks(numbers |> Array.distinct |> Array.sort)
        | LabelColumn.Numbers _ -> LevelMap.Keep

    /// Integers stay as they are; strings are refused.
    static member Identity = LabelMap [||]

    /// The map that the documented arguments `SetMinLabelToZero` and `DatasetLabels` ask for. With the first,
    /// every label becomes its rank among the distinct labels of its level; without it integers stay. Strings always
    /// become ranks, in the order of their code points. ArgumentException if ranks are asked for without labels.
    static member Create(setMinLabelToZero: bool, datasetLabels: obj | null) : LabelMap =
        match datasetLabels with
        | null ->
            if setMinLabelToZero then
                Labels.refuse
                    "SetMinLabelToZero needs DatasetLabels, the labels of the whole data set: give them too, or leave SetMinLabelToZero out."

            LabelMap.Identity
        | labels -> LabelMap(Labels.ofDataset labels |> Array.map (levelMap setMinLabelToZero))

    /// This map; if it is the identity, then with ranks for levels of strings.
    member internal map.KnowingWords(columns: LabelColumn[]) : LabelMap =
        if levels.Length > 0 then
            map
        else
            LabelMap(columns |> Array.map (levelMap false))

    /// One number per label of a data set with one level: integers as they are, strings as their ranks.
    static member Classes(datasetLabels: obj) : int64[] =
        match Labels.ofDataset datasetLabels with
        | [| column |] -> LabelMap.Identity.KnowingWords([| column |]).Numbers(0, column)
        | columns -> Labels.refuse $"The labels have {columns.Length} levels: give one label per sample."

    /// The labels of a data set level by level, one number per label: integers as they are, strings as their ranks. They may
    /// be anything that training data takes: a matrix, a two-dimensional array, a list of tuples or arrays.
    static member Levels(datasetLabels: obj) : int64[][] =
        let columns = Labels.ofDataset datasetLabels
        let map = LabelMap.Identity.KnowingWords columns
        columns |> Array.mapi (fun level column -> map.Numbers(level, column))

    /// The number of each label of a column of the given level. ArgumentException for labels that the map does not know.
    member _.Numbers(level: int, column: LabelColumn) : int64[] =
        let map =
            if level < levels.Length then
                levels[level]
            elif levels.Length = 0 then
                LevelMap.Keep
            else
                Labels.refuse
                    $"DatasetLabels has {levels.Length} level(s) of labels, but level {level} is asked for: give one row of levels per sample."

        let rankOf (sorted: 'T[]) (order: IComparer<'T>) (show: 'T -> string) (label: 'T) =
            match Array.BinarySearch(sorted, label, order) with
            | place when place >= 0 -> int64 place
            | _ -> unknown (show label) level sorted.Length

        match map, column with
        | LevelMap.Keep, LabelColumn.Numbers numbers -> numbers
        | LevelMap.Ranks sorted, LabelColumn.Numbers numbers ->
            numbers |> Array.map (rankOf sorted Comparer<int64>.Default string)
        | LevelMap.WordRanks sorted, LabelColumn.Words words ->
            words |> Array.map (rankOf sorted byCodePoint (fun word -> $"\"{word}\""))
        | LevelMap.Keep, LabelColumn.Words words ->
            Labels.refuse
                $"Labels of level {level} are strings (such as \"{words[0]}\"), and which integers they stand for is not known: give DatasetLabels, the labels of the whole data set."
        | LevelMap.WordRanks _, LabelColumn.Numbers _ ->
            Labels.refuse $"DatasetLabels are strings at level {level}, but the labels are integers: use one kind."
        | LevelMap.Ranks _, LabelColumn.Words _ ->
            Labels.refuse $"DatasetLabels are integers at level {level}, but the labels are strings: use one kind."

    /// The labels as int64 on the CPU: a vector for one level, a matrix (N x levels) for several. The caller disposes it.
    member map.Apply(level: HierarchyLevel, columns: LabelColumn[]) : torch.Tensor =
        let one (level: int) =
            if level < 0 then
                Labels.refuse $"LabelHierarchyLevel is {level}: levels count from 0."
            elif level >= columns.Length then
                Labels.refuse
                    $"LabelHierarchyLevel is {level}, but the labels have {columns.Length} level(s), counted from 0: give a lower level, or labels with one row of levels per sample."
            else
                map.Numbers(level, columns[level])

        let matrix (chosen: int[]) =
            let columns = Array.map one chosen
            let rows = if columns.Length = 0 then 0 else columns[0].Length
            torch.tensor (Array2D.init rows columns.Length (fun row level -> columns[level][row]), dtype = torch.int64)

        match level with
        | HierarchyLevel.One level -> torch.tensor (one level, dtype = torch.int64)
        | HierarchyLevel.Several chosen -> matrix chosen
        // Labels of one level have no second dimension to begin with.
        | HierarchyLevel.All when columns.Length = 1 -> torch.tensor (one 0, dtype = torch.int64)
        | HierarchyLevel.All -> matrix [| 0 .. columns.Length - 1 |]
