namespace MetricLearning

open System


/// The levels of labels that a tester evaluates, and their columns among the labels that it reads.
[<RequireQualifiedAccess; ReferenceEquality>]
type internal LabelLevels =
    {
        /// The levels, and the column of each.
        Levels: struct (int * int64)[]
        /// The column of a level.
        ColumnOf: int -> int64
    }

module internal LabelLevels =

    /// The levels to read: those to evaluate and, if needed, those of their parents.
    let toRead (space: EmbeddingSpace) (level: HierarchyLevel) : HierarchyLevel =
        let chosen =
            match level with
            | HierarchyLevel.One level -> Some [| level |]
            | HierarchyLevel.Several levels -> Some levels
            | HierarchyLevel.All -> None

        match chosen, space with
        | None, _ -> HierarchyLevel.All
        | Some levels, EmbeddingSpace.WithSameParentLabel ->
            HierarchyLevel.Several(Array.append levels (Array.map ((+) 1) levels) |> Array.distinct)
        | Some levels, _ -> HierarchyLevel.Several(Array.distinct levels)

    /// The levels to evaluate of labels with the given number of columns.
    /// ArgumentException when parents are needed and no level has them.
    let evaluated (space: EmbeddingSpace) (level: HierarchyLevel) (columns: int64) : LabelLevels =
        let levels, columnOf =
            match level, toRead space level with
            | HierarchyLevel.One level, HierarchyLevel.Several read ->
                [| level |], (fun level -> int64 (Array.IndexOf(read, level)))
            | HierarchyLevel.Several levels, HierarchyLevel.Several read ->
                Array.distinct levels, (fun level -> int64 (Array.IndexOf(read, level)))
            | _ ->
                let last =
                    if space = EmbeddingSpace.WithSameParentLabel then
                        int columns - 2
                    else
                        int columns - 1

                [| 0..last |], int64

        if levels.Length = 0 then
            Labels.refuse
                $"Labels have {columns} level(s), and the last one has no parents: give labels with at least two levels."

        {
            Levels = levels |> Array.map (fun level -> struct (level, columnOf level))
            ColumnOf = columnOf
        }
