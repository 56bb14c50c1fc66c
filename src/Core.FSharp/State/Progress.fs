namespace MetricLearning.Core

open MetricLearning

/// Work left after an iteration. It is part of the state, so that a state saved in a hook loses nothing.
[<RequireQualifiedAccess>]
type Pending =
    /// The schedules that move at this time.
    | Schedules of Moves
    /// The end of the epoch, which the end-of-epoch hook waits for.
    | EpochEnd

/// The progress of a run: numbers only, no tensor. It can be computed, compared and written down without libtorch.
type Progress =
    {
        /// The source of all randomness of the run.
        Seed: Seed
        /// Number of the current epoch, from 1; 0 before the first.
        Epoch: int
        /// Iterations done in the current epoch.
        Iteration: int
        /// Iterations that make an epoch; without it an epoch ends with its pass over the data.
        IterationsPerEpoch: int option
        /// True if the current epoch is complete: the next iteration begins another.
        EpochIsOver: bool
        /// The work to do before the next iteration, in order.
        Pending: Pending list
        /// Iterations done in the whole run.
        Steps: int64
        /// Those of them that moved no weight, because gradients overflowed in float16.
        SkippedSteps: int64
        /// The scale of the next iteration's loss; None but in float16.
        LossScale: LossScale option
        /// The place of the next batch in the order of the data.
        Cursor: Cursor
        /// The weights of the losses as the user set them.
        LossWeights: Map<string, float>
        /// The last iteration's losses, weighted, and their total.
        Losses: Map<string, float>
        /// The sums of `Losses` over the current epoch's iterations.
        EpochSums: Map<string, float>
        /// The learning rate of each parameter group, by optimizer key.
        Rates: Map<string, float[]>
        /// The state of each schedule, by schedule key.
        Schedules: Map<string, ScheduleState>
        /// The history of each of TorchSharp's own schedulers, by schedule key.
        TorchSchedules: Map<string, TorchScheduleState>
        /// Why training stopped, if it has.
        Stopped: StopReason option
    }

/// The history of one of TorchSharp's schedulers, which cannot be saved itself.
and TorchScheduleState =
    {
        /// The number of its steps.
        Count: int
        /// The scores it was given, oldest first (plateau schedulers only).
        Scores: float list
    }

/// The result of an iteration, as numbers.
type Outcome =
    {
        /// The plan that it followed.
        Plan: Plan
        /// The weighted losses and their total.
        Losses: Map<string, float>
        /// The learning rates that were used.
        Rates: Map<string, float[]>
        /// The scale of the loss; None but in float16.
        LossScale: LossScale option
        /// True if gradients overflowed, and what is learned is what it was.
        IsSkipped: bool
        /// The place of the next batch.
        Cursor: Cursor
        /// True if the iteration's batch was the last of its pass.
        PassIsOver: bool
    }

/// Moving the progress of a run on. Pure.
module Progress =

    /// Before the first iteration.
    let start
        (seed: Seed)
        (iterationsPerEpoch: int option)
        (lossWeights: Map<string, float>)
        (cursor: Cursor)
        : Progress =
        {
            Seed = seed
            Epoch = 0
            Iteration = 0
            IterationsPerEpoch = iterationsPerEpoch
            EpochIsOver = true
            Pending = []
            Steps = 0L
            SkippedSteps = 0L
            LossScale = None
            Cursor = cursor
            LossWeights = lossWeights
            Losses = Map.empty
            EpochSums = Map.empty
            Rates = Map.empty
            Schedules = Map.empty
            TorchSchedules = Map.empty
            Stopped = None
        }

    /// The given epoch, before its first iteration.
    let beginEpoch (epoch: int) (progress: Progress) : Progress =
        { progress with
            Epoch = epoch
            Iteration = 0
            EpochIsOver = false
            EpochSums = Map.empty
            Stopped = None
        }

    /// The first of the pending work is done.
    let withoutFirstPending (progress: Progress) : Progress =
        { progress with
            Pending = progress.Pending.Tail
        }

    /// Before the given epoch, which begins a pass over the data.
    let beforeEpoch (epoch: int) (progress: Progress) : Progress =
        { progress with
            Cursor = Cursor.freshPass progress.Cursor
            Epoch = epoch - 1
            EpochIsOver = true
        }

    /// The epoch in which the next iteration lies: the current one, or the one after it if that is complete.
    let upcoming (progress: Progress) : Progress =
        if progress.EpochIsOver then
            beginEpoch (progress.Epoch + 1) progress
        else
            progress

    /// True if the next iteration is the last of its epoch. `passIsOver`: its batch is the last of a pass.
    let endsEpoch (passIsOver: bool) (progress: Progress) : bool =
        match progress.IterationsPerEpoch with
        | Some iterations -> progress.Iteration + 1 >= iterations
        | None -> passIsOver

    /// After an iteration: counts, losses and position moved on.
    let evolve (progress: Progress) (outcome: Outcome) : Progress =
        let add sums (name, value) =
            sums |> Map.change name (fun sum -> Some(Option.defaultValue 0.0 sum + value))

        let isOver = endsEpoch outcome.PassIsOver progress

        { progress with
            Iteration = progress.Iteration + 1
            Steps = progress.Steps + 1L
            SkippedSteps = progress.SkippedSteps + (if outcome.IsSkipped then 1L else 0L)
            LossScale = outcome.LossScale |> Option.map (LossScale.after outcome.IsSkipped)
            Losses = outcome.Losses
            EpochSums = outcome.Losses |> Map.toSeq |> Seq.fold add progress.EpochSums
            Rates = outcome.Rates
            Cursor = outcome.Cursor
            EpochIsOver = isOver
            Pending =
                [
                    // A schedule moves with the steps of its optimizer.
                    if not outcome.IsSkipped then
                        Pending.Schedules Moves.ByIteration
                    if isOver then
                        Pending.Schedules Moves.ByEpoch
                        Pending.EpochEnd
                ]
        }

    /// The steps that moved weights.
    let stepsTaken (progress: Progress) : int64 = progress.Steps - progress.SkippedSteps

    /// The mean of each loss over the current epoch's iterations so far.
    let epochMeans (progress: Progress) : Map<string, float> =
        progress.EpochSums
        |> Map.map (fun _ sum -> sum / float (max 1 progress.Iteration))

    /// The seed of the `purpose` in the next iteration.
    let stepSeed (purpose: string) (progress: Progress) : Seed =
        Seed.derive purpose progress.Steps progress.Seed

    /// The same run, stopped for a reason.
    let stop (reason: StopReason) (progress: Progress) : Progress = { progress with Stopped = Some reason }
