namespace MetricLearning

open TorchSharp

/// The input of a calculation, checked and on one device.
[<ReferenceEquality>]
type internal AccuracyInput =
    {
        /// (Q × D).
        Query: torch.Tensor
        /// (Q) or (Q × levels), int64 or float64.
        QueryLabels: torch.Tensor
        /// (R × D).
        Reference: torch.Tensor
        /// (R) or (R × levels), of the type of the queries'.
        ReferenceLabels: torch.Tensor
        /// True if row i of the query is row i of the reference.
        RefIncludesQuery: bool
        /// Those whose own references are left out of a query's ranking.
        Cameras: Cameras voption
    }

module internal AccuracyInput =

    let private checkRows
        (name: string)
        (embeddings: torch.Tensor)
        (labels: torch.Tensor)
        (comparison: LabelComparison)
        =
        if comparison.ReadsRows && labels.dim () <> 2L then
            invalidArg
                name
                $"LabelComparison.{comparison.Name} compares rows of labels, so they must be a matrix, one row per sample; these have {labels.dim ()} dimension(s). Of one label a sample, leave labelComparison out."

        if labels.dim () <> 1L && (comparison.IsEquality || labels.dim () <> 2L) then
            invalidArg
                name
                $"Labels must be a vector, one per sample; these have {labels.dim ()} dimensions. Choose a level (labels.select(1, 0)), or give the calculator a labelComparisonFn that compares several, or, of several classes a sample, labelComparison: LabelComparison.AnyInCommon."

        if
            comparison.ReadsClasses
            && (labels.lt(Numeric.whole 0L).logical_or(labels.gt (Numeric.whole 1L))).any().item<bool>()
        then
            invalidArg
                name
                $"LabelComparison.{comparison.Name} reads a column of 0 and 1 for each class, and there are other labels. Of several levels a sample, use LabelComparison.Own."

        if embeddings.size 0 <> labels.size 0 then
            invalidArg
                name
                $"There are {embeddings.size 0} embeddings and {labels.size 0} labels: give one label per sample."

        if embeddings.size 0 = 0L then
            invalidArg name "There are no embeddings."

    // Everything that is compared, in one look.
    let private checkNumbers (embeddings: struct (string * torch.Tensor) list) (labels: torch.Tensor list) =
        EmbeddingChecks.areFinite
            [
                yield! embeddings
                for labels in labels do
                    if labels.is_floating_point () then
                        struct ("labels", labels)
            ]

    /// Checked input on the device. Without a reference, it is the query itself.
    let create
        (device: torch.Device | null)
        (comparison: LabelComparison)
        (query: torch.Tensor)
        (queryLabels: torch.Tensor)
        (reference: torch.Tensor | null)
        (referenceLabels: torch.Tensor | null)
        (refIncludesQuery: bool)
        (queryCameras: torch.Tensor | null)
        (referenceCameras: torch.Tensor | null)
        : AccuracyInput =
        let device =
            match device with
            | null -> query.device
            | given -> given

        let isFloat (labels: torch.Tensor | null) =
            match labels with
            | null -> false
            | labels -> labels.is_floating_point ()

        let labelType =
            if isFloat queryLabels || isFloat referenceLabels then
                torch.float64
            else
                torch.int64

        let here (tensor: torch.Tensor) = tensor.detach().``to`` device
        let labelsHere (labels: torch.Tensor) = (here labels).to_type labelType
        EmbeddingChecks.areMatrices [ struct ("query", query) ]
        checkRows "query" query queryLabels comparison
        let embeddings, labels = here query, labelsHere queryLabels

        match reference, referenceLabels with
        | null, null ->
            checkNumbers [ struct ("query", query) ] [ queryLabels ]

            {
                Query = embeddings
                QueryLabels = labels
                Reference = embeddings
                ReferenceLabels = labels
                RefIncludesQuery = true
                Cameras = Cameras.create device (query.size 0) ValueNone queryCameras referenceCameras
            }
        | null, _ -> invalidArg "reference" "There are labels of references but no references: give both, or neither."
        | _, null -> invalidArg "referenceLabels" "There are references without labels: give both, or neither."
        | reference, referenceLabels ->
            let both = [ struct ("query", query); struct ("reference", reference) ]
            EmbeddingChecks.areMatrices both
            checkRows "reference" reference referenceLabels comparison
            let others = here reference
            checkNumbers both [ queryLabels; referenceLabels ]

            let input =
                {
                    Query = embeddings
                    QueryLabels = labels
                    Reference = others
                    ReferenceLabels = labelsHere referenceLabels
                    RefIncludesQuery = refIncludesQuery
                    Cameras =
                        Cameras.create device (query.size 0) (ValueSome(reference.size 0)) queryCameras referenceCameras
                }

            if refIncludesQuery then
                let count = embeddings.size 0

                let isSame =
                    others.size 0 >= count
                    && others.size 1 = embeddings.size 1
                    && others.narrow(0L, 0L, count).to_type(embeddings.dtype).allclose embeddings

                if not isSame then
                    invalidArg
                        "refIncludesQuery"
                        $"With refIncludesQuery, the first {count} rows of the reference must be the query: put the query first, or leave refIncludesQuery out."

            input
