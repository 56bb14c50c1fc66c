namespace MetricLearning


/// The cut of a matrix of queries × references into tiles that fit, with their results, into a number of bytes.
[<Struct>]
type internal Tiles =
    {
        /// Queries of a tile.
        Rows: int64
        /// References of a tile.
        Columns: int64
    }

module internal Tiles =

    // With fewer rows a matrix product reads its references more often than it computes with them.
    let private goodRows = 256L

    /// Tiles of at most the given number of elements, of which `kept` columns are kept of each.
    let choose (numbers: int64) (kept: int64) (queries: int64) (references: int64) : Tiles =
        let columns =
            numbers / (min goodRows (max 1L queries))
            |> max (4L * kept)
            |> min references
            |> max 1L

        {
            Rows = numbers / columns |> min queries |> max 1L
            Columns = columns
        }
