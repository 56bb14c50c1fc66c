namespace MetricLearning

open System
open TorchSharp

/// A miner that says of every pair whether it takes it. One of your own gives `MinePairs`. Where only a loss of this library looks at
/// the choice, as in a trainer, pairs are not listed, which would wait for the device.
[<AbstractClass>]
type PairMiner
    /// <param name="name">Name of the miner's class.</param>
    /// <param name="distance">The distance, unless another one is set.</param>
    /// <param name="statisticNames">Names of the statistics that it records besides the counts.</param>
    (name: string, distance: Distance, [<ParamArray>] statisticNames: string[]) as this =
    inherit Miner(name, distance, statisticNames)

    do this.Masks <- this.Checked

    /// Compares by the Euclidean distance of normalised embeddings.
    new(name: string, [<ParamArray>] statisticNames: string[]) = PairMiner(name, LpDistance(), statisticNames)

    /// Two masks (N × Nr): true at the positive pairs that are chosen, and at the negative pairs; no pair is in both. No gradient
    /// is recorded, and what is not returned is disposed.
    abstract MinePairs: input: MetricInput -> struct (torch.Tensor * torch.Tensor)

    member private this.Checked(input: MetricInput) : struct (torch.Tensor * torch.Tensor) =
        let struct (positives, negatives) = this.MinePairs input
        let rows, references = input.Embeddings.size 0, input.RefEmbeddings.size 0

        for mask in [| positives; negatives |] do
            if isNull (box mask) then
                invalidOp
                    $"MinePairs of {name} returned null; it must return two masks, of positive and of negative pairs."

            if
                mask.dtype <> torch.ScalarType.Bool
                || mask.dim () <> 2L
                || mask.size 0 <> rows
                || mask.size 1 <> references
            then
                invalidOp
                    $"MinePairs of {name} must return truth values of the shape {Shape.show [| rows; references |]}; a mask is {mask.dtype} of the shape {Shape.show mask.shape}."

        struct (positives, negatives)

    /// The pairs of both masks, row by row.
    override this.MineTuples input =
        let struct (positives, negatives) = this.Checked input
        Tuples.pairsWhere positives negatives
