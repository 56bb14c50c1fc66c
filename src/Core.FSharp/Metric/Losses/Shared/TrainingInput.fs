namespace MetricLearning

open TorchSharp

/// The input of a loss as trainers compute it: the mean of nothing is 0, and tuples are of the batch even where a loss compares
/// with a memory.
module internal TrainingInput =

    /// A batch, or its anchors against a reference set, with chosen tuples.
    let make
        (comparison: LabelComparison)
        (embeddings: torch.Tensor)
        (labels: torch.Tensor | null)
        (choice: ChosenTuples)
        (refEmbeddings: torch.Tensor | null)
        (refLabels: torch.Tensor | null)
        (seed: Lazy<Seed>)
        : MetricInput =
        MetricInput(embeddings, labels, choice, refEmbeddings, refLabels, seed, null, true, null, comparison)
