namespace MetricLearning

open TorchSharp

/// Levels of labels as a tester takes them.
[<RequireQualifiedAccess; NoComparison>]
type internal LevelChoice =
    {
        /// Those that it evaluates.
        Level: HierarchyLevel
        /// True if a comparison reads them together, as one row.
        Together: bool
        /// The level that numbers cameras; none where nothing is left out.
        Camera: int voption
    }

/// The levels of labels that a tester evaluates, and their columns among the labels that it reads.
[<RequireQualifiedAccess; ReferenceEquality>]
type internal LabelLevels =
    {
        /// The levels, and the column of each.
        Levels: struct (int * int64)[]
        /// The column of a level.
        ColumnOf: int -> int64
        /// The columns that are read as one row, as level 0; none where each level is read by itself.
        Together: int64[]
        /// The column of cameras.
        Camera: int64 voption
    }

module internal LabelLevels =

    let private withParents (space: EmbeddingSpace) (levels: int[]) : HierarchyLevel =
        if space = EmbeddingSpace.WithSameParentLabel then
            HierarchyLevel.Several(Array.append levels (Array.map ((+) 1) levels) |> Array.distinct)
        else
            HierarchyLevel.Several(Array.distinct levels)

    /// The levels to read: those to evaluate and, if needed, those of their parents; all of them where one numbers cameras.
    let toRead (space: EmbeddingSpace) (choice: LevelChoice) : HierarchyLevel =
        match choice.Level, choice.Camera with
        | HierarchyLevel.All, _
        | _, ValueSome _ -> HierarchyLevel.All
        | HierarchyLevel.One level, _ -> withParents space [| level |]
        | HierarchyLevel.Several levels, _ -> withParents space levels

    let private columnOf (read: HierarchyLevel) (level: int) : int64 =
        match read with
        | HierarchyLevel.Several read -> int64 (System.Array.IndexOf(read, level))
        | _ -> int64 level

    // Of labels with so many columns.
    let private chosen (space: EmbeddingSpace) (choice: LevelChoice) (columns: int64) : int[] =
        match choice.Level with
        | HierarchyLevel.One level -> [| level |]
        | HierarchyLevel.Several levels -> Array.distinct levels
        | HierarchyLevel.All ->
            let last =
                if space = EmbeddingSpace.WithSameParentLabel then
                    int columns - 2
                else
                    int columns - 1

            [| 0..last |] |> Array.filter (fun level -> choice.Camera <> ValueSome level)

    // Of levels that were not read by number.
    let private refuseBeyond (columns: int64) (option: string) (column: int64) : unit =
        if column >= columns then
            Labels.refuse
                $"{option} is {column}, but the labels have {columns} level(s), counted from 0: give a lower level, or labels with one row of levels per sample."

    /// The levels to evaluate of labels with the given number of columns.
    /// ArgumentException when parents or cameras are needed and no level has them.
    let evaluated (space: EmbeddingSpace) (choice: LevelChoice) (columns: int64) : LabelLevels =
        let columnOf = columnOf (toRead space choice)
        let levels = chosen space choice columns
        let camera = choice.Camera |> ValueOption.map columnOf
        camera |> ValueOption.iter (refuseBeyond columns "CameraLevel")

        if levels.Length = 0 then
            Labels.refuse
                $"Labels have {columns} level(s), and the last one has no parents: give labels with at least two levels."

        let each = levels |> Array.map (fun level -> struct (level, columnOf level))

        for struct (level, column) in each do
            refuseBeyond columns "LabelHierarchyLevel" column

            if space = EmbeddingSpace.WithSameParentLabel then
                refuseBeyond columns "The level of parents" (columnOf (level + 1))

        if choice.Together then
            let struct (_, first) = each[0]

            {
                Levels = [| struct (0, first) |]
                ColumnOf = columnOf
                Together = Array.map columnOf levels
                Camera = camera
            }
        else
            {
                Levels = each
                ColumnOf = columnOf
                Together = [||]
                Camera = camera
            }

    /// The labels of a level, by its column: (N), or rows of all columns that are read together (N × columns).
    let labelsAt (levels: LabelLevels) (column: int64) (labels: torch.Tensor) : torch.Tensor =
        if levels.Together.Length = 0 then
            labels.select (1L, column)
        else
            labels.index_select (1L, torch.tensor(levels.Together).``to`` labels.device)
