namespace MetricLearning.Core.Reducers

open MetricLearning
open System
open TorchSharp
open MetricLearning.Core

/// Pairs of one anchor become one value first; another reducer takes those.
module PerAnchor =

    /// The mean over each anchor's pairs, 0 for an anchor without any. `losses` (N × Nr) holds 0 where there is no
    /// pair, `counts` (N) how many pairs an anchor has.
    let rowMean (losses: torch.Tensor) (counts: torch.Tensor) : torch.Tensor =
        losses.sum 1L / Numeric.atLeastOne counts

    /// The scalar. One value a sample needs no aggregation.
    let reduce
        (inner: Reducer)
        (aggregate: Func<torch.Tensor, torch.Tensor, torch.Tensor>)
        (embeddings: torch.Tensor)
        (labels: torch.Tensor | null)
        (elements: LossElements)
        : torch.Tensor =
        match elements.Kind with
        | ElementKind.Element -> inner.ReduceOne(elements, embeddings, labels)
        | ElementKind.PositivePair
        | ElementKind.NegativePair ->
            let struct (losses, present) = elements.ToMatrix(embeddings.size 0)
            let values = aggregate.Invoke(losses, present.sum 1L)
            inner.ReduceOne(ElementsOf.Rows(elements.Name, values), embeddings, labels)
        | _ -> raise (elements.Unsupported "PerAnchorReducer")

    /// The reducer: the row mean first, then `inner`.
    let reducer (inner: Reducer) : Reducer =
        { new Reducer(Nullable(), [||]) with
            override _.ReduceElements(elements, embeddings, labels) =
                reduce inner (Func<_, _, _>(rowMean)) embeddings labels elements
        }
