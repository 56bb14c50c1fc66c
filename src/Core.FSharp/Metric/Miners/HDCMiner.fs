namespace MetricLearning

open System
open System.Runtime.InteropServices
open TorchSharp

/// The hardest ⌈percentage · n⌉ of the positive and of the negative pairs, hardest first; of pairs that are equally hard
/// any (Yuan et al. 2017, "Hard-aware deeply cascaded embedding").
[<Sealed>]
type HDCMiner
    /// <param name="filterPercentage">The share of the pairs of each kind to keep, 0 to 1.</param>
    ([<Optional; DefaultParameterValue(0.5)>] filterPercentage: double) =
    inherit PoolMiner("HDCMiner")

    do
        if not (filterPercentage >= 0.0 && filterPercentage <= 1.0) then
            invalidArg
                (nameof filterPercentage)
                $"The share of pairs to keep is a number from 0 to 1; it is {filterPercentage}."

    let mutable pool: struct (Tuples * torch.Tensor) voption = ValueNone

    let poolOf (comparison: LabelComparison) (input: MetricInput) : MetricInput =
        match pool with
        | ValueSome(struct (tuples, labels)) when input.Tuples.IsAll ->
            TupleRanges.check (input.Embeddings.size 0) (input.RefEmbeddings.size 0) tuples

            match tuples with
            | Tuples.All -> input.WithTuples(LabelMasks.allPairs comparison labels null)
            | chosen ->
                let struct (a1, p, a2, n) = Tuples.toPairs labels null chosen
                input.WithTuples(Tuples.Pairs(a1, p, a2, n))
        | _ -> input

    /// Makes `Mine` choose among these tuples until `ResetIdx`, for loops of your own; trainers give their pool with
    /// `MineWithin`. `Tuples.All` stands for all pairs that `labels` allow. The vectors must live as long.
    member _.SetIdxExternally(tuples: Tuples, labels: torch.Tensor) : unit =
        Tuples.check tuples
        ArgumentNullException.ThrowIfNull(labels, nameof labels)
        pool <- ValueSome(struct (tuples, labels))

    /// Makes `Mine` choose among all pairs again.
    member _.ResetIdx() : unit = pool <- ValueNone

    /// Of a pool of triplets, both pairs of each are candidates.
    override this.MineTuples input =
        let input = poolOf this.LabelComparison input
        let struct (a1, p, a2, n) = input.Pairs()
        let matrix = this.Distance.Matrix(input.Embeddings, input.References)

        let hardest (largestFirst: bool) (anchors: torch.Tensor) (others: torch.Tensor) =
            let count = int (ceil (filterPercentage * double (anchors.size 0)))

            let struct (_, kept) =
                matrix.index(anchors, others).topk(count, 0, largestFirst, true)

            struct (anchors.index_select (0L, kept), others.index_select (0L, kept))

        // Positives are hard where they are far apart, negatives where they are near.
        let struct (a1, p) = hardest (not this.Distance.IsInverted) a1 p
        let struct (a2, n) = hardest this.Distance.IsInverted a2 n
        Tuples.Pairs(a1, p, a2, n)
