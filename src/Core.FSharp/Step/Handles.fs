namespace MetricLearning.Core

open System
open System.Collections.Generic
open TorchSharp
open type TorchSharp.torch
open MetricLearning
open MetricLearning.Core

/// A schedule and the optimizer that it drives.
[<RequireQualifiedAccess; ReferenceEquality>]
type Scheduler =
    /// A value of ours, with the key of its optimizer.
    | Pure of Schedule * optimizer: string
    /// TorchSharp's own.
    | Torch of optim.lr_scheduler.LRScheduler

/// The modules, losses, miners, optimizers and data of a run. The state being stepped decides which weights they are
/// bound to, never the other way round.
[<ReferenceEquality>]
type Handles =
    {
        /// Keys only, for decisions.
        RunKeys: RunKeys
        /// By key.
        Networks: IReadOnlyDictionary<string, Network>
        /// By key.
        Losses: IReadOnlyDictionary<string, LossFunction>
        /// Chooses the pairs or triplets, by key.
        TupleMiners: IReadOnlyDictionary<string, Miner>
        /// Chooses the samples of a batch to train on: embeddings (N, D) and labels (N) to indices.
        SubsetMiner: Func<Tensor, Tensor, Tensor> | null
        /// By key, in the user's order.
        Optimizers: (string * OptimizerHandle) list
        /// By key, in the user's order.
        Schedulers: (string * Moves * Scheduler) list
        /// By key, in the user's order.
        Clippers: (string * Action) list
        /// The initial learning rates, by optimizer key.
        InitialRates: Map<string, float[]>
        /// The parameters, as flat vectors hold them.
        Groups: ParameterGroup[]
        /// The buffers, as flat vectors hold them.
        Buffers: BufferGroup[]
        /// The source of batches; of several processes, each reads its rows.
        Loader: Loader
        /// The processes that train together.
        Processes: Processes
        /// The largest number of samples that go through the first half at once; None for the whole batch.
        MicroBatchSize: int option
        /// The device that batches are put on.
        Device: Device
        /// The dtype that floating-point data is converted to; None leaves it as it is.
        Dtype: ScalarType option
        /// The numbers that networks compute with.
        Precision: Precision
        /// Iterations choose libtorch's deterministic algorithms.
        IsDeterministic: bool
        /// The networks that follow others.
        Followers: Follower list
        /// The weights that follow others; vectors are numbered as in `Groups`.
        Following: Following[]
        /// The buffers that follow others; vectors are numbered as in `Buffers`.
        FollowingBuffers: Following[]
        /// The average of weights that the state keeps; None for none.
        Averaging: WeightAveraging option
        /// The state that modules are bound to at the moment.
        Binding: Binding
    }

    /// Every network and loss.
    member handles.Modules: ModuleHandle seq =
        seq {
            for network in handles.Networks.Values do
                network.Handle

            for loss in handles.Losses.Values do
                loss.Handle
        }
