namespace MetricLearning

open System
open System.Runtime.InteropServices
open TorchSharp
open MetricLearning.Core

/// Masks of the samples that match and of those that differ, by a comparison of their labels.
module internal LabelMasks =

    // A function of the user's on labels that broadcast to a shape.
    let private call (given: Func<torch.Tensor, torch.Tensor, torch.Tensor>) (shape: int64[]) (x: torch.Tensor) y =
        let advice =
            if x.dim () > shape.Length then
                "labels have several levels along the last dimension, which it must reduce, as (x.eq(y)).all(-1) does."
            else
                "labels are of one level at a time, also in a tester of several levels: compare x and y element by element, as x.eq(y) does."

        let found =
            try
                given.Invoke(x, y)
            with :? ExternalException as error ->
                raise (
                    InvalidOperationException(
                        $"The label comparison failed on labels of shape {Shape.show x.shape} and {Shape.show y.shape}; {advice} {Parts.reason error}",
                        error
                    )
                )

        if isNull (box found) || not (found.shape.AsSpan().SequenceEqual shape) then
            invalidOp
                $"The label comparison must broadcast its arguments and say yes or no for each, {Shape.show shape}; {advice}"

        found.to_type torch.bool

    let private classes (labels: torch.Tensor) : torch.Tensor = labels.gt (Numeric.whole 0L)

    // The number of classes in common, or their share of all that one of the two has. Of samples without a class it is 0.
    let private likeness
        (isShare: bool)
        (common: torch.Tensor)
        (ofX: unit -> torch.Tensor)
        (ofY: unit -> torch.Tensor)
        =
        if isShare then
            let either = ofX () .+. ofY ()
            let common = common.to_type torch.float64
            common / (either - common).clamp_min(Numeric.whole 1L)
        else
            common

    /// True where labels x match labels y, both of which broadcast to a shape, rows along a further dimension.
    let pairwise (comparison: LabelComparison) (shape: int64[]) (x: torch.Tensor) (y: torch.Tensor) : torch.Tensor =
        match comparison.Rule with
        | LabelRule.Equality -> x.eq y
        | LabelRule.Own(matches, _, _) -> call matches shape x y
        | LabelRule.Overlap(isShare, matchesFrom, _) ->
            let x, y = classes x, classes y
            let common = (x.logical_and y).sum -1L

            (likeness isShare common (fun () -> x.sum -1L) (fun () -> y.sum -1L)).ge(Numeric.scalar matchesFrom)

    // The likeness of samples (N × M) by classes in common.
    let private likenesses (isShare: bool) (labels: torch.Tensor) (others: torch.Tensor) : torch.Tensor =
        let x, y = classes labels, classes others
        // Counts below 2²⁴ are exact.
        let common = (x.to_type torch.float32).mm((y.to_type torch.float32).t())
        likeness isShare common (fun () -> x.sum(1L).unsqueeze 1L) (fun () -> y.sum(1L).unsqueeze 0L)

    /// (N × M) which of samples with labels of each kind match.
    let matches (comparison: LabelComparison) (labels: torch.Tensor) (others: torch.Tensor) : torch.Tensor =
        match comparison.Rule with
        | LabelRule.Overlap(isShare, matchesFrom, _) ->
            (likenesses isShare labels others).ge(Numeric.scalar matchesFrom)
        | LabelRule.Equality
        | LabelRule.Own _ ->
            let shape = [| labels.size 0; others.size 0 |]
            pairwise comparison shape (labels.unsqueeze 1L) (others.unsqueeze 0L)

    /// Two masks (N × M) of samples with labels of each kind: which match, and which differ; none does both. Both may be written to.
    let matrices
        (comparison: LabelComparison)
        (labels: torch.Tensor)
        (others: torch.Tensor)
        : struct (torch.Tensor * torch.Tensor) =
        match comparison.Rule with
        | LabelRule.Equality ->
            let same = matches comparison labels others
            struct (same, same.logical_not ())
        | LabelRule.Own(_, differs, _) ->
            // What a function of the user's returns is its own.
            let found = (matches comparison labels others).clone()
            let rest = found.logical_not ()

            match differs with
            | null -> struct (found, rest)
            | given ->
                let shape = [| labels.size 0; others.size 0 |]
                struct (found, rest.logical_and_ (call given shape (labels.unsqueeze 1L) (others.unsqueeze 0L)))
        | LabelRule.Overlap(isShare, matchesFrom, differsBelow) ->
            let found = likenesses isShare labels others
            struct (found.ge (Numeric.scalar matchesFrom), found.lt (Numeric.scalar differsBelow))

    /// The same for a batch with a reference set; null: the batch itself, and then no sample matches itself, or differs from itself.
    let compared (comparison: LabelComparison) (labels: torch.Tensor) (refLabels: torch.Tensor | null) =
        if comparison.IsEquality then
            Tuples.compared labels refLabels
        else
            match refLabels with
            | null ->
                let struct (matches, differs) = matrices comparison labels labels

                for mask in [| matches; differs |] do
                    mask.diagonal().zero_() |> ignore

                matches, differs
            | others ->
                let struct (matches, differs) = matrices comparison labels others
                matches, differs

    /// All pairs, row by row.
    let allPairs (comparison: LabelComparison) (labels: torch.Tensor) (refLabels: torch.Tensor | null) : Tuples =
        let matches, differs = compared comparison labels refLabels
        Tuples.pairsWhere matches differs

    // Random triplets, so many for each anchor of masks of positives and of negatives.
    let private randomTriplets (perAnchor: int) (seed: Seed) (positives: torch.Tensor) (negatives: torch.Tensor) =
        let rows (mask: torch.Tensor) : bool[][] =
            mask.cpu().contiguous().data<bool>().ToArray()
            |> Array.chunkBySize (max 1 (int (mask.size 1)))

        let struct (a, p, n) =
            RandomTriplets.ofMasks perAnchor seed (rows positives) (rows negatives)

        let vector (indices: int64[]) =
            torch.tensor(indices).``to`` positives.device

        struct (vector a, vector p, vector n)

    /// All triplets, or the given number of random ones for each anchor: (a, p, n).
    let triplets
        (comparison: LabelComparison)
        (perAnchor: Nullable<int>)
        (seed: Lazy<Seed>)
        (labels: torch.Tensor)
        (refLabels: torch.Tensor | null)
        : struct (torch.Tensor * torch.Tensor * torch.Tensor) =
        if comparison.IsEquality then
            Tuples.toTriplets perAnchor seed labels refLabels Tuples.All
        else
            let matches, differs = compared comparison labels refLabels

            if perAnchor.HasValue then
                randomTriplets perAnchor.Value seed.Value matches differs
            else
                Tuples.tripletsOfMasks matches differs
