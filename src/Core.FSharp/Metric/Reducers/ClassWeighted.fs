namespace MetricLearning.Core.Reducers

open MetricLearning
open System
open TorchSharp
open MetricLearning.Core

/// The mean of all values, each multiplied by the weight of its anchor's class.
module ClassWeighted =

    /// The mean; not divided by the sum of weights. `weights`: one number a class.
    let reduce
        (weights: torch.Tensor)
        (embeddings: torch.Tensor)
        (labels: torch.Tensor | null)
        (elements: LossElements)
        : torch.Tensor =
        match labels with
        | null -> invalidArg (nameof labels) "Weights by class need labels."
        | labels -> elements.WeightedByClass(weights.``to`` (embeddings.dtype, embeddings.device), labels).Mean()

    /// The reducer. The weights stay the caller's.
    let reducer (weights: torch.Tensor) : Reducer =
        { new Reducer(Nullable(), [||]) with
            override _.ReduceElements(elements, embeddings, labels) =
                reduce weights embeddings labels elements
        }
