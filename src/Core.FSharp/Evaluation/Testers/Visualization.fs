namespace MetricLearning

open System.Collections.Generic
open TorchSharp

/// The embeddings of a split with one level of its labels, for a visualizer hook. The tensors are disposed when the hook returns.
[<Sealed>]
type Visualization
    internal
    (
        embeddings: torch.Tensor,
        labels: torch.Tensor,
        names: IReadOnlyList<string>,
        splitName: string,
        keyName: string,
        epoch: int
    ) =

    /// The visualizer's output for the embeddings, on the CPU; the embeddings themselves (N × D) without a visualizer.
    member _.Embeddings: torch.Tensor = embeddings

    /// (N) int64, on the CPU; (N × columns) where a comparison reads rows.
    member _.Labels: torch.Tensor = labels

    /// The strings that the labels stand for: that of label 2 is at place 2. Empty where labels are integers.
    member _.LabelNames: IReadOnlyList<string> = names

    /// The split.
    member _.SplitName: string = splitName

    /// A name for the picture: the embeddings, the options, and the level.
    member _.KeyName: string = keyName

    /// The epoch.
    member _.Epoch: int = epoch
