namespace MetricLearning

open TorchSharp

/// The numbers of references that could match each query.
[<ReferenceEquality>]
type internal Relevance =
    {
        /// (Q) int64, at least 1: R, the references that could match, a query itself not counted.
        Relevant: torch.Tensor
        /// (Q) bool: true if there is none.
        IsLone: torch.Tensor
        /// The largest R.
        Most: int64
        /// The most references that are left out of the ranking of a query.
        MostLeftOut: int64
    }

module internal Relevance =

    let private largest (tensor: torch.Tensor) : int64 = tensor.max().item<int64>()

    /// By the labels of queries alone.
    let ofGroups (refIncludesQuery: bool) (groups: LabelGroups) : Relevance =
        let ofQueries (tensor: torch.Tensor) = tensor.index_select (0L, groups.Of)

        {
            Relevant = ofQueries (LabelGroups.relevant refIncludesQuery groups)
            IsLone = ofQueries groups.IsLone
            Most = largest groups.Counts - (if refIncludesQuery then 1L else 0L)
            MostLeftOut = 0L
        }

    /// Without the references that match a query and are of its camera, at most `atOnce` comparisons at a time. A query that is among
    /// the references is of its own camera.
    let ofCameras (comparison: LabelComparison) (atOnce: int64) (input: AccuracyInput) (cameras: Cameras) : Relevance =
        let queries, references = input.QueryLabels.size 0, input.ReferenceLabels.size 0

        let zeros () =
            torch.zeros ([| queries |], dtype = torch.int64, device = input.QueryLabels.device)

        let relevant, leftOut = zeros (), zeros ()
        let rows = max 1L (atOnce / max 1L references)

        for first in 0L .. rows .. queries - 1L do
            use _ = torch.NewDisposeScope()
            let size = min rows (queries - first)
            let some (tensor: torch.Tensor) = tensor.narrow (0L, first, size)

            let matches =
                LabelMasks.matches comparison (some input.QueryLabels) input.ReferenceLabels

            let isNear =
                (some cameras.OfQueries).unsqueeze(1L).eq(cameras.OfReferences.unsqueeze 0L)

            (some leftOut).copy_(matches.logical_and(isNear).sum 1L) |> ignore
            (some relevant).copy_(matches.sum 1L - some leftOut) |> ignore

        {
            Relevant = Numeric.atLeastOne relevant
            IsLone = relevant.le (Numeric.whole 0L)
            Most = largest relevant
            MostLeftOut = largest leftOut
        }
