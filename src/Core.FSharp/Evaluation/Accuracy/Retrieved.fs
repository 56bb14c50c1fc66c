namespace MetricLearning

open TorchSharp

/// The neighbours of some queries, all of which have matches: the input of a metric. The tensors are on the device of the calculation and
/// belong to it.
[<Sealed>]
type Retrieved
    internal
    (matches: torch.Tensor, relevant: torch.Tensor, distances: torch.Tensor, indices: torch.Tensor, labels: torch.Tensor)
    =

    /// (n × K) bool: true where the label of the j-th nearest reference matches the query's. References that are left out of a query's
    /// ranking, as those of its camera, are in the last places and match nothing.
    member _.Matches = matches

    /// (n) int64, at least 1: R, the number of references that could match, without the query itself and those left out.
    member _.Relevant = relevant

    /// (n × K): from each query to its neighbours.
    member _.Distances = distances

    /// (n × K) int64: the neighbours' rows among the references.
    member _.Indices = indices

    /// (n) or (n × levels): the labels of the queries.
    member _.Labels = labels

    /// The given number of nearest neighbours, or all if there are fewer.
    member internal _.First(count: int64) : Retrieved =
        let count = min count (matches.size 1)
        let cut (tensor: torch.Tensor) = tensor.narrow (1L, 0L, count)
        Retrieved(cut matches, relevant, cut distances, cut indices, labels)
