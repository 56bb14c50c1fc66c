namespace MetricLearning

open System
open System.Runtime.InteropServices
open TorchSharp

/// Aggregates the pairs of each anchor to one value, which another reducer reduces. One value per sample needs no
/// aggregation.
[<Sealed>]
type PerAnchorReducer
    /// <param name="reducer">Reduces one value per anchor; null: the mean.</param>
    /// <param name="aggregationFunc">From losses (anchors × others, 0 where there is no pair) and the number of pairs of each
    /// anchor to one value per anchor; null: the mean, 0 for an anchor without pairs.</param>
    (
        [<Optional; DefaultParameterValue(null: Reducer | null)>] reducer: Reducer | null,
        [<Optional; DefaultParameterValue(null: Func<torch.Tensor, torch.Tensor, torch.Tensor> | null)>] aggregationFunc:
            Func<torch.Tensor, torch.Tensor, torch.Tensor> | null
    ) =
    inherit Reducer("PerAnchorReducer")

    let inner =
        match reducer with
        | null -> MeanReducer() :> Reducer
        | given -> given

    let aggregate (losses: torch.Tensor) (counts: torch.Tensor) : torch.Tensor =
        match aggregationFunc with
        | null -> losses.sum 1L / Numeric.atLeastOne counts
        | given -> Arguments.returned (nameof aggregationFunc) (given.Invoke(losses, counts))

    // One value an anchor.
    let rec ofAnchors (reducer: string) (anchors: int64) (elements: LossElements) : LossElements =
        match elements, elements.Kind with
        | :? TiledElements as tiled, _ -> tiled.Then(fun tile part -> ofAnchors reducer (tile.Embeddings.size 0) part)
        | _, ElementKind.Element -> elements
        | nothing, ElementKind.Triplet when nothing.IsEmpty -> nothing
        | _, (ElementKind.PositivePair | ElementKind.NegativePair) ->
            let struct (losses, present) = elements.ToMatrix anchors
            ElementsOf.Rows(elements.Name, aggregate losses (present.sum 1L))
        | _ -> raise (elements.Unsupported reducer)

    // A function of the user's may look at all anchors.
    override _.IsSumOverCount = isNull aggregationFunc && inner.IsSumOverCount

    override this.ReduceElements(elements, embeddings, labels) =
        inner.ReduceOne(ofAnchors this.Name (embeddings.size 0) elements, embeddings, labels)
