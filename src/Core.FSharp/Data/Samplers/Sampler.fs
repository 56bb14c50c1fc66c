namespace MetricLearning

open System
open System.Collections.Generic

/// An order of samples, cut into batches by the trainer. Derive one small class for an order of your own; to hand
/// over indices you already have, a plain sequence will do.
[<AbstractClass>]
type Sampler() =
    inherit AnySampler()

    /// The sample indices of pass `pass` (0, 1, …), from 0 to the number of samples − 1. A pure function of its
    /// arguments: all chance must come from `seed` (for example `seed.Derive("mine", pass).Random()`), so that runs
    /// repeat, resume and fork. May be endless.
    abstract Pass: seed: Seed * pass: int64 -> IEnumerable<int64>

    /// The number of indices in every pass, or null where that is not known.
    abstract Length: Nullable<int64>

    default _.Length = Nullable()

    /// The number of indices that every pass really has, where that is not `Length`.
    abstract PassLength: Nullable<int64>

    default this.PassLength = this.Length

    /// The batch size that the order is made for, with which a trainer's is compared; null for any.
    abstract BatchSize: Nullable<int>

    default _.BatchSize = Nullable()

    /// True if a pass also depends on the weights of networks when it begins. Such a pass is drawn when the one before
    /// it is used up, never ahead, while the networks show the state that goes on; its indices are part of that state.
    abstract DependsOnWeights: bool

    default _.DependsOnWeights = false

/// An order of whole batches, whose sizes are the sampler's own: the trainer's batch size is ignored and no batch is
/// dropped.
[<AbstractClass>]
type BatchSampler() =
    inherit AnySampler()

    /// The batches of pass `pass` (0, 1, …), each an array of sample indices. Pure, as `Sampler.Pass` is.
    abstract Pass: seed: Seed * pass: int64 -> IEnumerable<int64[]>

    /// The number of batches in every pass, or null where that is not known.
    abstract Length: Nullable<int64>

    default _.Length = Nullable()

    /// True if a pass also depends on the weights of networks when it begins, as of `Sampler`; its batches are part of the state.
    abstract DependsOnWeights: bool

    default _.DependsOnWeights = false

/// A batch sampler that depends on weights, whose passes all processes of a run draw together, each a share of the work.
type internal IDrawnTogether =

    /// `BatchSampler.Pass`, the same in all processes.
    abstract Pass: processes: Processes * seed: Seed * pass: int64 -> IEnumerable<int64[]>
