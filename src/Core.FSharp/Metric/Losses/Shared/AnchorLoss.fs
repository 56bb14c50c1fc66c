namespace MetricLearning

open System.Collections.Generic
open System.Runtime.InteropServices
open TorchSharp

/// A loss with one value for each anchor, from its row of the distance matrix. One of your own gives `ComputeRows`.
[<AbstractClass>]
type AnchorLoss
    /// <param name="name">Name of the loss's class.</param>
    /// <param name="distance">The distance unless another one is set; null: Euclidean, of normalised embeddings.</param>
    /// <param name="reducer">The reducer unless another one is set; null: the mean.</param>
    (
        name: string,
        [<Optional; DefaultParameterValue(null: Distance | null)>] distance: Distance | null,
        [<Optional; DefaultParameterValue(null: Reducer | null)>] reducer: Reducer | null
    ) =
    inherit Loss(name, distance, reducer)

    /// The formula: one value for each row of the distance matrix (N × Nr), shape (N).
    abstract ComputeRows: distances: torch.Tensor * pairs: PairMasks -> torch.Tensor

    override this.ComputeLoss(input) : IReadOnlyList<LossElements> =
        let pairs = PairMasks.Of input

        if pairs.IsEmpty then
            [| ElementsOf.Nothing("loss", input.Embeddings) |]
        else
            let distances = InputDistances.matrix this.Distance input
            [| ElementsOf.Rows("loss", this.ComputeRows(distances, pairs)) |]
