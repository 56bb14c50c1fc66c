namespace MetricLearning

/// The batches of a data set that one of several processes embeds: whole ones, so that they are those of one process.
[<ReferenceEquality>]
type internal EmbeddingShares =
    {
        /// The first batch of this process.
        FirstBatch: int64
        /// The number of samples of this process.
        Batches: int
        /// The number of samples of each process.
        Rows: int64[]
    }

module internal EmbeddingShares =

    /// The shares of so many samples in batches of a size.
    let create (rank: int) (processes: int) (count: int64) (batchSize: int) : EmbeddingShares =
        let batches = int ((count + int64 batchSize - 1L) / int64 batchSize)

        let rowsOf rank =
            let struct (first, size) = BatchShare.ofProcess batches rank processes

            let row batch =
                min count (int64 batch * int64 batchSize)

            row (first + size) - row first

        let struct (first, size) = BatchShare.ofProcess batches rank processes

        {
            FirstBatch = int64 first
            Batches = size
            Rows = Array.init processes rowsOf
        }
