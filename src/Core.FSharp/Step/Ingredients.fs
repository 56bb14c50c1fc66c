namespace MetricLearning.Core

open MetricLearning
open System
open System.Collections.Generic
open TorchSharp
open type TorchSharp.torch

/// An optimizer as a user gives it.
[<RequireQualifiedAccess; ReferenceEquality>]
type OptimizerChoice =
    /// A value of ours; its key says whose parameters it steps.
    | Pure of PureOptimizer
    /// TorchSharp's own, over the parameters it was made with.
    | Torch of optim.Optimizer

/// A learning-rate schedule as a user gives it.
[<RequireQualifiedAccess; ReferenceEquality>]
type ScheduleChoice =
    /// A value of ours.
    | Pure of Schedule
    /// TorchSharp's own.
    | Torch of optim.lr_scheduler.LRScheduler

/// A miner as a user gives it.
[<RequireQualifiedAccess; ReferenceEquality>]
type MinerChoice =
    /// Chooses pairs or triplets.
    | Tuples of Miner
    /// Chooses samples: embeddings (N, D) and labels (N) to a vector of indices.
    | Subset of Func<Tensor, Tensor, Tensor>
    /// Something else, by its type's name.
    | Unknown of string

/// The order of the data as a user gives it.
[<RequireQualifiedAccess; ReferenceEquality>]
type Sampling =
    /// Every sample once a pass, in a new random order.
    | Shuffled
    /// The sampler's passes, cut into batches.
    | Sampler of Sampler
    /// The batch sampler's batches; the batch size is not used.
    | BatchSampler of BatchSampler
    /// The user's own sequence of indices, enumerated once a pass and cut into batches.
    | Indices of int64 seq
    /// The user's own sequence of batches, enumerated once a pass; the batch size is not used.
    | Batches of int64[] seq

/// Everything a run is made of, as the user gives it. Start from `Ingredients.create` and change what you need.
[<ReferenceEquality>]
type Ingredients =
    {
        /// Networks by key; any TorchSharp module whose forward takes the data.
        Models: (string * nn.Module) list
        /// Loss functions by key: a `Loss`, or any module from (embeddings, labels) to a scalar.
        Losses: (string * nn.Module) list
        /// Optimizers by key; an empty list trains nothing.
        Optimizers: (string * OptimizerChoice) list
        /// The training data.
        Dataset: Dataset
        /// How many samples a batch has; not used with a batch sampler.
        BatchSize: int
        /// Miners by key.
        Miners: (string * MinerChoice) list
        /// Iterations that make an epoch; without it an epoch is one pass over the data.
        IterationsPerEpoch: int option
        /// Where batches are put; without it CUDA when it is there, else the CPU.
        Device: Device option
        /// What floating-point data is converted to; without it nothing is.
        Dtype: ScalarType option
        /// The weight of every loss; without it each is 1.
        LossWeights: (string * float) list option
        /// The order of the data.
        Sampler: Sampling
        /// Learning-rate schedules by key.
        Schedules: (string * ScheduleChoice) list
        /// Called after the backward pass and before the optimizers, by key.
        Clippers: (string * Action) list
        /// Networks and losses that do not train.
        Frozen: string list
        /// Keeps the trunk's batch-norm layers in evaluation mode: their statistics stay, their weights still train.
        FreezeTrunkBatchnorm: bool
        /// From a list of samples to a batch; null for the default collation.
        CollateFn: Func<IReadOnlyList<obj>, obj> | null
        /// From a batch to its data and labels; null when samples are (data, label).
        DataAndLabelGetter: Func<obj, struct (obj * obj)> | null
        /// Which of several labels of a sample counts, from 0.
        LabelHierarchyLevel: int
        /// The labels of the whole data set, from which ranks are made; null when they are not needed.
        DatasetLabels: obj | null
        /// Replaces labels by their rank among the distinct labels of the data set.
        SetMinLabelToZero: bool
        /// Threads that prepare batches ahead; 0 prepares them on the caller's.
        Workers: int
        /// Where all randomness comes from; without it, it is drawn from libtorch's generator.
        Seed: int64 option
    }

/// Making ingredients.
module Ingredients =

    /// The ingredients that have no default, and the documented defaults of all others.
    let create
        (models: (string * nn.Module) list)
        (losses: (string * nn.Module) list)
        (optimizers: (string * PureOptimizer) list)
        (batchSize: int)
        (dataset: Dataset)
        : Ingredients =
        {
            Models = models
            Losses = losses
            Optimizers = [ for key, optimizer in optimizers -> key, OptimizerChoice.Pure optimizer ]
            Dataset = dataset
            BatchSize = batchSize
            Miners = []
            IterationsPerEpoch = None
            Device = None
            Dtype = None
            LossWeights = None
            Sampler = Sampling.Shuffled
            Schedules = []
            Clippers = []
            Frozen = []
            FreezeTrunkBatchnorm = false
            CollateFn = null
            DataAndLabelGetter = null
            LabelHierarchyLevel = 0
            DatasetLabels = null
            SetMinLabelToZero = false
            Workers = 2
            Seed = None
        }
