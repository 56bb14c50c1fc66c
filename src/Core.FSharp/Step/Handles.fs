namespace MetricLearning.Core

open MetricLearning
open System
open System.Collections.Generic
open TorchSharp
open type TorchSharp.torch

/// A network or loss function in use by a run.
[<ReferenceEquality>]
type ModuleHandle =
    {
        /// Its key in the user's dictionary.
        Key: string
        /// The user's module.
        Module: nn.Module
        /// The module and everything in it.
        Modules: nn.Module[]
        /// The batch-norm layers in it that `freeze_trunk_batchnorm` keeps in evaluation mode.
        KeptInEval: HashSet<nn.Module>
        /// Its parameters and whether the user lets each of them train.
        Parameters: struct (Modules.Parameter * bool)[]
    }

/// A network: a module with a forward pass.
[<ReferenceEquality>]
type Network =
    {
        /// Its modules and parameters.
        Handle: ModuleHandle
        /// The forward pass; the number of tensors it takes was checked at construction.
        Forward: Tensor[] -> Tensor
    }

/// A loss function: from embeddings (or logits), labels and tuples to a scalar.
[<ReferenceEquality>]
type LossFunction =
    {
        /// Its modules and parameters.
        Handle: ModuleHandle
        /// The loss of embeddings of shape (N, D) and labels of shape (N), on the mined tuples.
        Compute: Tensor -> Tensor -> Tuples -> Seed -> Tensor
    }

/// An optimizer in use by a run.
[<RequireQualifiedAccess; ReferenceEquality>]
type OptimizerHandle =
    /// An optimizer of this library.
    | Value of PureOptimizer
    /// TorchSharp's own, run as the rule of the same name.
    | Mirrored of optim.Optimizer
    /// One that no rule describes: it steps in place and keeps its slots to itself.
    | Opaque of optim.Optimizer

/// The parameters of one optimizer group (or of none) of one dtype and device.
[<ReferenceEquality>]
type ParameterGroup =
    {
        /// The optimizer's key; None for parameters that never move.
        Optimizer: string option
        /// The number of the optimizer's group, from 0.
        Index: int
        /// The parameters, in the optimizer's order.
        Parameters: Modules.Parameter[]
        /// Each parameter's place in the flat vector.
        Layout: Layout
        /// Steps the flat vectors of this layout.
        Update: FlatUpdate
        /// True if a forward pass writes into these weights (an embedding with max_norm).
        IsRewritten: bool
    }

/// Registered buffers of one dtype and device.
[<ReferenceEquality>]
type BufferGroup =
    {
        /// The buffers, in the order of the modules.
        Buffers: Tensor[]
        /// Each buffer's place in the flat vector.
        Layout: Layout
    }

/// A schedule and the optimizer that it drives.
[<RequireQualifiedAccess; ReferenceEquality>]
type Scheduler =
    /// A value of ours, with the key of its optimizer.
    | Pure of Schedule * optimizer: string
    /// TorchSharp's own.
    | Torch of optim.lr_scheduler.LRScheduler

/// The state that modules and optimizers are bound to at the moment: vectors, modes, rates. Only `Effects` changes it.
[<Sealed>]
type Binding(groups: int, buffers: int) =
    static let mutable count = 0L
    let number = System.Threading.Interlocked.Increment &count
    /// Different for every run.
    member _.Number = number
    /// The vectors that the parameters are views of.
    member val Weights: (Vector | null)[] = Array.zeroCreate groups with get
    /// The vectors that the buffers are views of.
    member val Buffers: (Vector | null)[] = Array.zeroCreate buffers with get
    /// Networks and losses whose parameters were told to get no gradient; None when that is not known.
    member val Frozen: Set<string> option = None with get, set
    /// The learning rates that were last written into TorchSharp's optimizers.
    member val Rates: Map<string, float[]> = Map.empty with get, set
    /// How far TorchSharp's schedulers have been stepped.
    member val TorchSchedules: Map<string, TorchScheduleState> = Map.empty with get, set
    /// The vectors that the last step of an opaque optimizer led to.
    member val OpaqueHead: Vector[] | null = null with get, set
    /// True once the trainer was disposed.
    member val IsDisposed: bool = false with get, set

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
        /// How the weights are laid out.
        Groups: ParameterGroup[]
        /// How the buffers are laid out.
        Buffers: BufferGroup[]
        /// Where batches come from.
        Loader: Loader
        /// Where batches are put before the forward pass.
        Device: Device
        /// What floating-point data is converted to; None leaves it as it is.
        Dtype: ScalarType option
        /// The state that modules are bound to at the moment.
        Binding: Binding
        /// The modes of every module as they were found.
        FoundTraining: (nn.Module * bool)[]
    }

    /// Every network and loss.
    member handles.Modules: ModuleHandle seq =
        seq {
            for network in handles.Networks.Values do
                network.Handle

            for loss in handles.Losses.Values do
                loss.Handle
        }
