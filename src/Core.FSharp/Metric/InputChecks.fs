namespace MetricLearning

open TorchSharp

/// What a loss or miner is given must fit together.
module internal InputChecks =

    let private matrix (what: string) (rows: torch.Tensor) : unit =
        if rows.dim () <> 2L then
            invalidArg
                what
                $"Embeddings must be a matrix, one row a sample; these have the shape {Shape.show rows.shape}."

        if not (rows.is_floating_point ()) then
            invalidArg what $"Embeddings must be floating-point numbers; these are {rows.dtype}."

    /// An ArgumentException unless embeddings are matrices of floating-point numbers, and the reference set is like the batch.
    let embeddings (rows: torch.Tensor) (references: torch.Tensor | null) : unit =
        matrix "embeddings" rows

        match references with
        | null -> ()
        | given ->
            matrix "refEmbeddings" given

            if given.size 1 <> rows.size 1 || given.dtype <> rows.dtype then
                invalidArg
                    "refEmbeddings"
                    $"Embeddings and reference embeddings must be alike: they are {rows.size 1} and {given.size 1} wide, of type {rows.dtype} and {given.dtype}."

            if given.device_type <> rows.device_type then
                invalidArg
                    "refEmbeddings"
                    $"Embeddings are on {rows.device}, reference embeddings on {given.device}: move one of them."

    /// Labels as int64 on the device of their embeddings, or an ArgumentException.
    let labels (what: string) (embeddings: torch.Tensor) (labels: torch.Tensor) : torch.Tensor =
        if labels.dim () <> 1L then
            invalidArg what $"Labels must be a vector, one label a sample; these have {labels.dim ()} dimensions."

        if labels.size 0 <> embeddings.size 0 then
            invalidArg
                what
                $"There are {embeddings.size 0} embeddings and {labels.size 0} labels: every embedding needs one label."

        if labels.is_floating_point () then
            invalidArg what "Labels must be whole numbers: convert them to int64."

        labels.``to`` (torch.ScalarType.Int64, embeddings.device)
