namespace MetricLearning

open System
open System.Collections.Generic
open System.Diagnostics.CodeAnalysis
open TorchSharp

/// Everything that a run is made of: the documented arguments of the trainers, a seed and checkpoints. `Models`,
/// `Optimizers`, `BatchSize`, `LossFuncs` and `Dataset` must be set; all others have a default. The run only reads them.
type RunOptions() =

    let mutable miningFuncs = MiningFuncs()
    let mutable lrSchedulers = LrSchedulers()
    let mutable gradientClippers = GradientClippers()
    let mutable freezeThese: IReadOnlyCollection<string> = [||]
    // Null where nobody chose one.
    let mutable level = Nullable<int>()

    let orEmpty (make: unit -> 'Value) (value: 'Value) : 'Value =
        if isNull (box value) then make () else value

    /// The same options as another's; change what differs.
    new(options: RunOptions) as this =
        RunOptions()

        then
            ArgumentNullException.ThrowIfNull(options, nameof options)
            this.Models <- options.Models
            this.Optimizers <- options.Optimizers
            this.BatchSize <- options.BatchSize
            this.MicroBatchSize <- options.MicroBatchSize
            this.LossFuncs <- options.LossFuncs
            this.Dataset <- options.Dataset
            this.MiningFuncs <- options.MiningFuncs
            this.IterationsPerEpoch <- options.IterationsPerEpoch
            this.DataDevice <- options.DataDevice
            this.Dtype <- options.Dtype
            this.Precision <- options.Precision
            this.LossWeights <- options.LossWeights
            this.Sampler <- options.Sampler
            this.CollateFn <- options.CollateFn
            this.LrSchedulers <- options.LrSchedulers
            this.GradientClippers <- options.GradientClippers
            this.FreezeThese <- options.FreezeThese
            this.FreezeTrunkBatchnorm <- options.FreezeTrunkBatchnorm
            this.ChosenLevel <- options.ChosenLevel
            this.DataloaderNumWorkers <- options.DataloaderNumWorkers
            this.DataAndLabelGetter <- options.DataAndLabelGetter
            this.DatasetLabels <- options.DatasetLabels
            this.SetMinLabelToZero <- options.SetMinLabelToZero
            this.Processes <- options.Processes
            this.Seed <- options.Seed
            this.Deterministic <- options.Deterministic
            this.WeightAveraging <- options.WeightAveraging
            this.Checkpoints <- options.Checkpoints

    /// The networks: `trunk`, usually `embedder`, and the others that the trainer documents. No default.
    member val Models: Models = Unchecked.defaultof<Models> with get, set

    /// The optimizers; an empty dictionary trains nothing. No default.
    member val Optimizers: Optimizers = Unchecked.defaultof<Optimizers> with get, set

    /// The number of samples of a batch, from 1; not used with a batch sampler. No default.
    member val BatchSize: int = 0 with get, set

    /// The largest number of samples that go through the networks at once, from 1: batches beyond memory. The losses still see
    /// all embeddings of a batch, and the step is that of the whole batch, except that batch norm and dropout work on one
    /// micro-batch at a time. A batch costs a forward pass more. Null, the default, takes the whole batch at once.
    member val MicroBatchSize: Nullable<int> = Nullable() with get, set

    /// The loss functions. No default.
    member val LossFuncs: LossFuncs = Unchecked.defaultof<LossFuncs> with get, set

    /// The training data. No default.
    member val Dataset: TrainingData = Unchecked.defaultof<TrainingData> with get, set

    /// The miners; none by default.
    member _.MiningFuncs
        with get (): MiningFuncs = miningFuncs
        and set ([<AllowNull>] value: MiningFuncs) = miningFuncs <- orEmpty MiningFuncs value

    /// The number of iterations of an epoch; null (or 0), the default, makes every pass over the data an epoch.
    member val IterationsPerEpoch: Nullable<int> = Nullable() with get, set

    /// The device of the batches; null, the default, is CUDA where it is available, else the CPU.
    member val DataDevice: torch.Device | null = null with get, set

    /// The dtype that floating-point data is converted to; null, the default, converts nothing.
    member val Dtype: Nullable<torch.ScalarType> = Nullable() with get, set

    /// The numbers that networks compute with, on the CPU and on CUDA; losses and miners see embeddings in float32. With `Float16` an
    /// iteration whose gradients overflow is skipped: its batch is used up, but weights, optimizers and buffers stay as they were, and
    /// so do schedules by iteration. `Float32`, the default, is the types of the networks' own weights.
    member val Precision: Precision = Precision.Float32 with get, set

    /// The weight of every loss; null, the default, weighs each by 1.
    member val LossWeights: LossWeights | null = null with get, set

    /// The order of the data; null, the default, is a new random order in every pass.
    member val Sampler: AnySampler | null = null with get, set

    /// From a list of samples to a batch. Null, the default, stacks tensors and numbers, keeps strings as an array, and
    /// treats tuples, lists and dictionaries entry by entry.
    member val CollateFn: Func<IReadOnlyList<obj>, obj> | null = null with get, set

    /// Learning-rate schedules; none by default.
    member _.LrSchedulers
        with get (): LrSchedulers = lrSchedulers
        and set ([<AllowNull>] value: LrSchedulers) = lrSchedulers <- orEmpty LrSchedulers value

    /// Gradient clippers; none by default.
    member _.GradientClippers
        with get (): GradientClippers = gradientClippers
        and set ([<AllowNull>] value: GradientClippers) = gradientClippers <- orEmpty GradientClippers value

    /// The names of networks and losses that do not train; none by default.
    member _.FreezeThese
        with get (): IReadOnlyCollection<string> = freezeThese
        and set ([<AllowNull>] value: IReadOnlyCollection<string>) =
            freezeThese <- orEmpty (fun () -> Array.empty<string> :> IReadOnlyCollection<string>) value

    /// Keeps the trunk's batch-norm layers in evaluation mode: their running statistics stay as they are, their weight
    /// and bias still train. False by default.
    member val FreezeTrunkBatchnorm: bool = false with get, set

    /// The level of labels that counts where samples have several, from 0. 0 by default.
    member _.LabelHierarchyLevel
        with get (): int = level.GetValueOrDefault()
        and set (value: int) = level <- Nullable value

    /// The same; null where it was never set.
    member internal _.ChosenLevel
        with get (): Nullable<int> = level
        and set (value: Nullable<int>) = level <- value

    /// The number of threads that prepare batches ahead; 0 prepares them on the caller's. It never changes a result.
    /// 2 by default.
    member val DataloaderNumWorkers: int = 2 with get, set

    /// From a batch to its data and its labels; null, the default, where samples are (data, label).
    member val DataAndLabelGetter: Func<obj, struct (obj * obj)> | null = null with get, set

    /// The labels of the whole data set, one or several a sample, as integers or strings: a tensor, array or list. Needed
    /// with `SetMinLabelToZero`; null by default.
    member val DatasetLabels: obj | null = null with get, set

    /// Replaces labels by their rank among the distinct labels of the data set. False by default.
    member val SetMinLabelToZero: bool = false with get, set

    /// The processes that train together, from `Processes.Join`: batches beyond one processor, device or machine. `BatchSize` is that
    /// of all of them. Null, the default, is this process by itself.
    member val Processes: Processes | null = null with get, set

    /// The source of all randomness of the run. Null, the default, draws it from libtorch's generator, so that
    /// `torch.manual_seed` decides the run.
    member val Seed: Nullable<int64> = Nullable() with get, set

    /// Lets libtorch and cuDNN use only algorithms that give the same bits in every call, during iterations and with no effect after
    /// them: without that, a run on CUDA, and on the CPU a network that indexes its activations, do not repeat. Of a layer
    /// that has no such algorithm libtorch warns on the standard error stream. It costs nothing on the CPU but for large
    /// indexed gradients, which one thread adds; on CUDA cuDNN's fastest algorithm may be ruled out, and gradients of indexed rows are
    /// sorted before they are added. True by default.
    member val Deterministic: bool = true with get, set

    /// An average of the weights beside them, for testing and inference: `Exponential` (EMA) or `Equal` (SWA). It never changes
    /// what is trained. Null, the default, keeps none.
    member val WeightAveraging: WeightAveraging | null = null with get, set

    /// Checkpoints that the run writes by itself, from which `ResumeLatest` goes on; none by default.
    member val Checkpoints: CheckpointOptions | null = null with get, set

    /// The names in `FreezeThese` that are not null.
    member internal _.Frozen: string list =
        [
            for name in freezeThese do
                if not (isNull (box name)) then
                    name
        ]
