namespace MetricLearning

open MetricLearning.Core
open TorchSharp

/// What was found for some queries, none of them lone: what metrics are computed of. All tensors are on the device of the
/// calculation and belong to it.
[<Sealed>]
type Retrieved
    internal
    (matches: torch.Tensor, relevant: torch.Tensor, distances: torch.Tensor, indices: torch.Tensor, labels: torch.Tensor)
    =

    /// (n × K) bool: whether the j-th nearest reference has a label that matches the query's.
    member _.Matches = matches

    /// (n) int64, at least 1: R, how many references could match, the query itself not counted.
    member _.Relevant = relevant

    /// (n × K): from each query to its neighbours.
    member _.Distances = distances

    /// (n × K) int64: the neighbours' rows among the references.
    member _.Indices = indices

    /// (n) or (n × levels): the labels of the queries.
    member _.Labels = labels

    /// The nearest so many, or all if there are fewer.
    member internal _.First(count: int64) : Retrieved =
        let count = min count (matches.size 1)
        let cut (tensor: torch.Tensor) = tensor.narrow (1L, 0L, count)
        Retrieved(cut matches, relevant, cut distances, cut indices, labels)
