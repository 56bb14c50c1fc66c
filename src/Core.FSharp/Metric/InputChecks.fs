namespace MetricLearning

open System
open TorchSharp

/// Checks that what a loss or miner is given fits together.
module internal InputChecks =

    /// An ArgumentException if a tensor has a shape and no numbers, as those of the device "meta".
    let hasData (what: string) (tensor: torch.Tensor) : unit =
        if tensor.device_type = DeviceType.META then
            invalidArg what $"{what} has no numbers: it is on the device \"meta\", which keeps shapes alone."

    /// An ArgumentException unless these are the embeddings of samples: a matrix of floating-point numbers.
    let matrix (what: string) (rows: torch.Tensor) : unit =
        ArgumentNullException.ThrowIfNull(rows, what)

        if rows.dim () <> 2L then
            invalidArg
                what
                $"Embeddings must be a matrix, one row a sample; these have the shape {Shape.show rows.shape}."

        if rows.size 1 = 0L then
            invalidArg what "Embeddings have no numbers: they have a row a sample, and no column."

        if not (rows.is_floating_point ()) then
            invalidArg what $"Embeddings must be floating-point numbers; these are {rows.dtype}."

        hasData what rows

    /// An ArgumentException unless both are matrices of floating-point numbers that are alike. Each has the name of the argument that it
    /// is; no other one: the rows are compared with each other.
    let comparable (what: string) (rows: torch.Tensor) (whatOther: string) (other: torch.Tensor | null) : unit =
        matrix what rows

        match other with
        | null -> ()
        | given when obj.ReferenceEquals(given, rows) -> ()
        | given ->
            matrix whatOther given

            if given.size 1 <> rows.size 1 || given.dtype <> rows.dtype then
                invalidArg
                    whatOther
                    $"Embeddings and reference embeddings must be alike: they are {rows.size 1} and {given.size 1} wide, of type {rows.dtype} and {given.dtype}."

            if given.device_type <> rows.device_type then
                invalidArg
                    whatOther
                    $"Embeddings are on {rows.device}, reference embeddings on {given.device}: move one of them."

    /// The smallest and the largest label, unless all are among so many classes, from 0. None elsewhere than on the CPU: the look
    /// would wait for the device, which reports it itself.
    let beyond (classes: int64) (labels: torch.Tensor) : struct (int64 * int64) voption =
        if labels.device_type = DeviceType.CPU && labels.NumberOfElements > 0L then
            let struct (low, high) = labels.aminmax ()
            let smallest, largest = low.item<int64>(), high.item<int64>()

            if smallest < 0L || largest >= classes then
                ValueSome(struct (smallest, largest))
            else
                ValueNone
        else
            ValueNone

    // One label a sample, or a row of them, as they are compared.
    let private shape (what: string) (comparison: LabelComparison) (labels: torch.Tensor) : unit =
        if comparison.ReadsRows && labels.dim () <> 2L then
            invalidArg
                what
                $"LabelComparison.{comparison.Name} compares rows of labels, so they must be a matrix, one row a sample; these have {labels.dim ()} dimension(s). Of one label a sample, leave LabelComparison out."

        if not comparison.ReadsRows && labels.dim () <> 1L then
            invalidArg
                what
                $"Labels must be a vector, one label a sample; these have {labels.dim ()} dimensions. Of several classes a sample, set LabelComparison where the loss or miner is made."

    // Levels would be taken for classes that a sample has.
    let private classColumns (what: string) (comparison: LabelComparison) (labels: torch.Tensor) : unit =
        match beyond 2L labels with
        | ValueSome struct (smallest, largest) ->
            invalidArg
                what
                $"LabelComparison.{comparison.Name} reads a column of 0 and 1 for each class; these labels go from {smallest} to {largest}. Of several levels a sample, use LabelComparison.Own."
        | ValueNone -> ()

    /// Labels as int64 on the device of their embeddings, or an ArgumentException.
    let labels
        (what: string)
        (comparison: LabelComparison)
        (embeddings: torch.Tensor)
        (labels: torch.Tensor)
        : torch.Tensor =
        hasData what labels
        shape what comparison labels

        if labels.size 0 <> embeddings.size 0 then
            invalidArg
                what
                $"There are {embeddings.size 0} embeddings and {labels.size 0} labels: every embedding needs one label."

        if labels.is_floating_point () then
            invalidArg what "Labels must be whole numbers: convert them to int64."

        let whole =
            if
                labels.dtype = torch.ScalarType.Int64
                && labels.device_type = embeddings.device_type
                && labels.device_index = embeddings.device_index
            then
                labels
            else
                labels.``to`` (torch.ScalarType.Int64, embeddings.device)

        if comparison.ReadsClasses then
            classColumns what comparison whole

        whole

    /// The labels, or an ArgumentException.
    let required (labels: torch.Tensor | null) : torch.Tensor =
        match labels with
        | null -> invalidArg (nameof labels) "This loss needs labels: one class number for each embedding."
        | given -> given

    /// The error of a loss of class vectors that is given a reference set.
    let refuseReferences () : unit =
        invalidArg "refEmbeddings" "This loss takes no reference embeddings: it compares with its own weights."

    /// The error of a loss of whole batches that is given tuples.
    let refuseTuples () : unit =
        invalidArg
            "tuples"
            "This loss takes no tuples: it looks at the whole batch. Give Tuples.All; if they are a miner's, leave the miner out."

    /// Labels that say which pairs there are, or an ArgumentException; references without labels have those of the batch.
    let labelsToCompare
        (labels: torch.Tensor | null)
        (refLabels: torch.Tensor | null)
        (references: int64)
        : torch.Tensor =
        match labels with
        | null ->
            invalidArg
                (nameof labels)
                "Labels and tuples cannot both be left out: give labels, or tuples that say which pairs to take."
        | given ->
            if isNull refLabels && references <> given.size 0 then
                invalidArg
                    (nameof refLabels)
                    $"{references} reference embeddings need labels of their own; those of the batch are {given.size 0}."

            given

    /// An ArgumentException if a label has no weight (C).
    let classes (weights: torch.Tensor) (labels: torch.Tensor) : unit =
        match beyond (weights.size 0) labels with
        | ValueSome struct (smallest, largest) ->
            invalidArg
                (nameof weights)
                $"There are weights of the classes 0 to {weights.size 0 - 1L}, but labels from {smallest} to {largest}: give one number a class."
        | ValueNone -> ()
