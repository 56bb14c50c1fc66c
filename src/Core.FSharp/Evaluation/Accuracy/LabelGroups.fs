namespace MetricLearning

open System
open System.Collections.Generic
open TorchSharp

/// The distinct labels of queries, and how many references match each.
[<ReferenceEquality>]
type internal LabelGroups =
    {
        /// (U) or (U × levels), ascending.
        Labels: torch.Tensor
        /// (Q) int64: the place of each query's label there.
        Of: torch.Tensor
        /// (U) int64: matching references, the query itself included where it is one.
        Counts: torch.Tensor
        /// (U) bool: true if only a query itself matches its label.
        IsLone: torch.Tensor
    }

module internal LabelGroups =

    /// Labels of queries against labels of references, at most `atOnce` comparisons at a time.
    let private count (comparison: LabelComparison) (atOnce: int64) (labels: torch.Tensor) (reference: torch.Tensor) =
        let classes, references = labels.size 0, reference.size 0

        if comparison.IsEquality then
            let struct (sorted, _) = reference.sort 0L

            torch.searchsorted (sorted, labels, right = true)
            - torch.searchsorted (sorted, labels, right = false)
        else
            let counts =
                torch.zeros ([| classes |], dtype = torch.int64, device = labels.device)

            let rows = max 1L (atOnce / max 1L references)

            for first in 0L .. rows .. classes - 1L do
                use _ = torch.NewDisposeScope()
                let size = min rows (classes - first)

                let found =
                    LabelMasks.matches comparison (labels.narrow (0L, first, size)) reference

                counts.narrow(0L, first, size).copy_(found.sum 1L) |> ignore

            counts

    /// The groups of queries' labels.
    let create
        (comparison: LabelComparison)
        (atOnce: int64)
        (refIncludesQuery: bool)
        (labels: torch.Tensor)
        (reference: torch.Tensor)
        : LabelGroups =
        let struct (distinct, places, _) =
            if labels.dim () = 1L then
                labels.unique (true, true)
            else
                labels.unique (true, true, dim = 0)

        let counts = count comparison atOnce distinct reference

        let own =
            if refIncludesQuery then
                (LabelMasks.pairwise comparison [| distinct.size 0 |] distinct distinct).to_type torch.int64
            else
                torch.zeros_like counts

        {
            Labels = distinct
            Of = nonNull places
            Counts = counts
            IsLone = (counts - own).le(Numeric.whole 0L)
        }

    /// (U) int64, at least 1: R, the references that could match, a query itself not counted.
    let relevant (refIncludesQuery: bool) (groups: LabelGroups) : torch.Tensor =
        let others =
            if refIncludesQuery then
                groups.Counts.plus -1L
            else
                groups.Counts

        Numeric.atLeastOne others

    /// The labels in words: their names by number, or "3", or "3/7" with several levels.
    let names (named: IReadOnlyList<string>) (groups: LabelGroups) : string[] =
        let labels = groups.Labels.cpu ()

        let words =
            if labels.is_floating_point () then
                labels.to_type(torch.float64).contiguous().data<float>().ToArray()
                |> Array.map string
            elif named.Count > 0 then
                labels.contiguous().data<int64>().ToArray()
                |> Array.map (fun label -> named[int label])
            else
                labels.contiguous().data<int64>().ToArray() |> Array.map string

        if labels.dim () = 1L then
            words
        else
            words
            |> Array.chunkBySize (int (labels.size 1))
            |> Array.map (fun levels -> String.Join("/", levels))
