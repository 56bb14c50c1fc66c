namespace MetricLearning

open System
open System.Runtime.InteropServices
open MetricLearning.Ranges

/// The times at which weights are taken into their mean.
[<RequireQualifiedAccess>]
type internal MeanTimes =
    /// At the end of every so many epochs.
    | Epochs of int
    /// After every so many iterations of the run.
    | Iterations of int

/// The rule of an average.
[<RequireQualifiedAccess>]
type internal AveragingRule =
    | Exponential of decay: float * warmUp: bool
    | Equal of fromEpoch: int * MeanTimes

/// <summary>The average of weights that a run keeps beside them: it is part of the training state, and testers, hooks and
/// inference can use the networks with it. The first weights that are taken into it are copied; until then, the average is
/// the weights themselves. An argument out of range is an <see cref="ArgumentException"/> that names it.</summary>
/// <example>
/// <code>
/// var smooth = WeightAveraging.Exponential(decay: 0.999);
/// var mean = WeightAveraging.Equal(fromEpoch: 16);
/// </code>
/// </example>
[<Sealed>]
type WeightAveraging private (rule: AveragingRule) =

    /// <summary>An exponential moving average (EMA): after every iteration, decay · average + (1 − decay) · weights. It
    /// averages the running statistics of batch norm, too, and every other buffer of networks that is of floating-point
    /// numbers.</summary>
    /// <param name="decay">Weight of the average so far, from 0 to below 1. 1 / (1 − decay) is about the number of
    /// iterations that count.</param>
    /// <param name="warmUp">Lowers the decay in the beginning to (1 + t) / (10 + t) after t iterations, so that the first
    /// weights are forgotten soon.</param>
    static member Exponential
        ([<Optional; DefaultParameterValue(0.999)>] decay: float, [<Optional; DefaultParameterValue(true)>] warmUp: bool) : WeightAveraging =
        decayRate (nameof decay) decay
        WeightAveraging(AveragingRule.Exponential(decay, warmUp))

    /// <summary>The equal mean of weights along the run, as in stochastic weight averaging (SWA; Izmailov et al. 2018,
    /// "Averaging Weights Leads to Wider Optima and Better Generalization"): at the end of every epoch from
    /// <paramref name="fromEpoch"/> on, or more rarely, or more often. Buffers are those of the newest weights.</summary>
    /// <param name="fromEpoch">The first epoch whose weights count, from 1.</param>
    /// <param name="everyEpochs">The number of epochs from one to the next; null: 1.</param>
    /// <param name="everyIterations">Instead of epochs: takes the weights whenever the run's number of iterations is a
    /// multiple of this; null: by epochs.</param>
    static member Equal
        (
            fromEpoch: int,
            [<Optional; DefaultParameterValue(Nullable<int>())>] everyEpochs: Nullable<int>,
            [<Optional; DefaultParameterValue(Nullable<int>())>] everyIterations: Nullable<int>
        ) : WeightAveraging =
        atLeast 1L (nameof fromEpoch) (int64 fromEpoch)

        let times =
            match everyEpochs.HasValue, everyIterations.HasValue with
            | true, true ->
                invalidArg
                    (nameof everyIterations)
                    "The mean is taken every so many epochs or iterations: give one of the two."
            | _, true ->
                atLeast 1L (nameof everyIterations) (int64 everyIterations.Value)
                MeanTimes.Iterations everyIterations.Value
            | _ ->
                let epochs = everyEpochs.GetValueOrDefault 1
                atLeast 1L (nameof everyEpochs) (int64 epochs)
                MeanTimes.Epochs epochs

        WeightAveraging(AveragingRule.Equal(fromEpoch, times))

    /// Its kind, as checkpoints write it.
    member internal _.Kind: string =
        match rule with
        | AveragingRule.Exponential _ -> "exponential"
        | AveragingRule.Equal _ -> "equal"

    /// True if it averages what forward passes write, such as batch norm's running statistics.
    member internal _.TakesBuffers: bool =
        match rule with
        | AveragingRule.Exponential _ -> true
        | AveragingRule.Equal _ -> false

    /// True if weights are taken into it after iteration `steps` of the run, in this epoch.
    member internal _.IsDue(epoch: int, endsEpoch: bool, steps: int64) : bool =
        match rule with
        | AveragingRule.Exponential _ -> true
        | AveragingRule.Equal(first, MeanTimes.Epochs every) ->
            endsEpoch && epoch >= first && (epoch - first) % every = 0
        | AveragingRule.Equal(first, MeanTimes.Iterations every) -> epoch >= first && steps % int64 every = 0L

    /// True if weights were taken into it by now, in this epoch.
    member internal _.HasBegun(epoch: int, epochIsOver: bool) : bool =
        match rule with
        | AveragingRule.Exponential _ -> true
        | AveragingRule.Equal(first, _) -> epoch > first || epoch = first && epochIsOver

    /// The share of the newest weights in the average, where `count` were taken into it before.
    member internal _.Share(count: int64) : float =
        match rule with
        | AveragingRule.Exponential(decay, false) -> 1.0 - decay
        | AveragingRule.Exponential(decay, true) -> 1.0 - min decay (float (1L + count) / float (10L + count))
        | AveragingRule.Equal _ -> 1.0 / float (count + 1L)

    override _.ToString() =
        match rule with
        | AveragingRule.Exponential(decay, warmUp) -> $"Exponential({decay}, warmUp: {warmUp})"
        | AveragingRule.Equal(first, MeanTimes.Epochs every) -> $"Equal({first}, everyEpochs: {every})"
        | AveragingRule.Equal(first, MeanTimes.Iterations every) -> $"Equal({first}, everyIterations: {every})"
