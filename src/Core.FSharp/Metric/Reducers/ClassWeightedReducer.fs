namespace MetricLearning

open System
open TorchSharp

/// The mean of all values, each multiplied by the weight of its anchor's class; not divided by the sum of weights.
[<Sealed>]
type ClassWeightedReducer
    /// <param name="weights">One number per class. The caller disposes it.</param>
    (weights: torch.Tensor) =
    inherit Reducer("ClassWeightedReducer")

    do
        ArgumentNullException.ThrowIfNull(weights, nameof weights)

        if weights.dim () <> 1L then
            invalidArg (nameof weights) "The weights of classes must be a vector, one number a class."

    override _.IsSumOverCount = true

    override _.ReduceElements(elements, embeddings, labels) =
        ArgumentNullException.ThrowIfNull(embeddings, nameof embeddings)

        match labels with
        | null -> invalidArg (nameof labels) "Weights by class need labels."
        | labels -> elements.WeightedByClass(weights.``to`` (embeddings.dtype, embeddings.device), labels).Mean()
