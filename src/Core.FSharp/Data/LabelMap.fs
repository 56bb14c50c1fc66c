namespace MetricLearning

open System
open System.Collections.Generic
open TorchSharp
open MetricLearning.Core

/// The levels of the label hierarchy that count.
[<RequireQualifiedAccess; NoComparison>]
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
type LabelMap private (levels: LevelMap[], named: NamedLabels | null) =

    static let unknown (label: string) (level: int) (known: int) : int64 =
        Labels.refuse
            $"Label {label} of level {level} is not among the {known} distinct labels of DatasetLabels: DatasetLabels must hold every label of the data set."

    static let levelMap (rank: bool) (column: LabelColumn) =
        match column with
        | LabelColumn.Words words -> LevelMap.WordRanks(CodePoints.distinct words)
        | LabelColumn.Numbers numbers when rank -> LevelMap.Ranks(numbers |> Array.distinct |> Array.sort)
        | LabelColumn.Numbers _ -> LevelMap.Keep

    /// Integers stay as they are; strings are refused.
    static member Identity = LabelMap([||], null)

    /// The map of a data set whose strings have numbers in common with others; integers stay as they are.
    static member internal Naming(names: LabelNames) : LabelMap = LabelMap([||], NamedLabels names)

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
        | labels -> LabelMap(Labels.ofDataset labels |> Array.map (levelMap setMinLabelToZero), null)

    /// True where integers stay and strings have no numbers.
    member internal _.IsIdentity: bool = levels.Length = 0 && isNull named

    /// This map; if it is the identity, then with ranks for levels of strings.
    member internal map.KnowingWords(columns: LabelColumn[]) : LabelMap =
        match named with
        | null when levels.Length > 0 -> map
        | null -> LabelMap(columns |> Array.map (levelMap false), null)
        | named ->
            named.Know columns
            map

    /// The labels that the numbers of a level stand for, by number; none where labels are their own numbers.
    member internal _.Names(level: int) : string[] =
        match named with
        | null when level < levels.Length ->
            match levels[level] with
            | LevelMap.Keep -> [||]
            | LevelMap.Ranks sorted -> Array.map string sorted
            | LevelMap.WordRanks sorted -> sorted
        | null -> [||]
        | named -> named.Of level

    /// Labels (N × levels) of a batch, which is the next in the order of the data, with their numbers in the place of stand-ins. What
    /// comes in is passed on or disposed by the open scope.
    member internal _.Settle(level: int -> int, labels: torch.Tensor) : torch.Tensor =
        match named with
        | null -> labels
        | named ->
            let rows, columns = int (labels.size 0), int (labels.size 1)

            if Seq.forall (fun column -> not (named.IsNamed(level column))) [ 0 .. columns - 1 ] then
                labels
            else
                let all = labels.contiguous().data<int64>().ToArray()

                let settled =
                    Array.init columns (fun column ->
                        named.Settle(level column, Array.init rows (fun row -> all[row * columns + column])))

                torch.tensor (Array2D.init rows columns (fun row column -> settled[column][row]), dtype = torch.int64)

    /// One number per label of a data set with one level: integers as they are, strings as their ranks.
    static member Classes(datasetLabels: obj) : int64[] =
        ArgumentNullException.ThrowIfNull(datasetLabels, nameof datasetLabels)

        match Labels.ofDataset datasetLabels with
        | [| column |] -> LabelMap.Identity.KnowingWords([| column |]).Numbers(0, column)
        | columns ->
            Labels.refuse
                $"The labels have {columns.Length} levels: give one label per sample. Samples of several classes need no sampler by class."

    /// The labels of a data set level by level, one number per label: integers as they are, strings as their ranks. They may
    /// be anything that training data takes: a matrix, a two-dimensional array, a list of tuples or arrays.
    static member Levels(datasetLabels: obj) : int64[][] =
        ArgumentNullException.ThrowIfNull(datasetLabels, nameof datasetLabels)
        let columns = Labels.ofDataset datasetLabels
        let map = LabelMap.Identity.KnowingWords columns
        columns |> Array.mapi (fun level column -> map.Numbers(level, column))

    /// The number of each label of a column of the given level. ArgumentException for labels that the map does not know.
    member map.Numbers(level: int, column: LabelColumn) : int64[] =
        ArgumentNullException.ThrowIfNull(column, nameof column)

        match named with
        | null -> map.Ranked(level, column)
        | named -> named.Draft(level, column)

    member private _.Ranked(level: int, column: LabelColumn) : int64[] =
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
            words |> Array.map (rankOf sorted CodePoints.order (fun word -> $"\"{word}\""))
        | LevelMap.Keep, LabelColumn.Words words ->
            Labels.refuse
                $"Labels of level {level} are strings (such as \"{words[0]}\"), and which integers they stand for is not known: give DatasetLabels, the labels of the whole data set."
        | LevelMap.WordRanks _, LabelColumn.Numbers _ ->
            Labels.refuse $"DatasetLabels are strings at level {level}, but the labels are integers: use one kind."
        | LevelMap.Ranks _, LabelColumn.Words _ ->
            Labels.refuse $"DatasetLabels are integers at level {level}, but the labels are strings: use one kind."

    /// The labels as int64 on the CPU: a vector for one level, a matrix (N x levels) for several. The caller disposes it.
    member map.Apply(level: HierarchyLevel, columns: LabelColumn[]) : torch.Tensor =
        ArgumentNullException.ThrowIfNull(level, nameof level)
        ArgumentNullException.ThrowIfNull(columns, nameof columns)

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
