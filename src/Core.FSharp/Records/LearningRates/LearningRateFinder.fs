namespace MetricLearning.Core

open System
open System.Runtime.CompilerServices
open System.Runtime.InteropServices
open System.Threading
open MetricLearning

/// Searching for a learning rate by a fork of the run, which is thrown away.
module internal LearningRateFinder =

    let private chosen (handles: Handles) (search: LearningRateSearch) : string list =
        let known = handles.RunKeys.Optimizers

        for key in search.Optimizers do
            if not (List.contains key known) then
                invalidArg "Optimizers" $"There is no optimizer \"{key}\"; this run has {Keys.quoted known}."

        if known.IsEmpty then
            invalidOp "This run has no optimizer, so there is no learning rate to find."

        if search.Optimizers.Count = 0 then
            known
        else
            known |> List.filter (fun key -> Seq.contains key search.Optimizers)

    let private checkForkable (handles: Handles) : unit =
        for key, handle in handles.Optimizers do
            match handle with
            | OptimizerHandle.Opaque optimizer ->
                invalidOp
                    $"A learning rate is found on a fork of the run, and the optimizer \"{key}\" ({optimizer.GetType().Name}) keeps its slots to itself, so a fork would move them. Use an optimizer that this library knows ({TorchOptimizers.known})."
            | _ -> ()

    // The epoch, and so its phase, stays what it is, and no schedule moves.
    let private stay (progress: Progress) : Progress =
        { progress with
            Pending = []
            Stopped = None
        }

    let private inEpoch (progress: Progress) : Progress =
        { stay progress with
            EpochIsOver = false
        }

    let private atRate (keys: string list) (rate: float) (state: TrainingState) : TrainingState =
        let rates =
            (state.Progress.Rates, keys)
            ||> List.fold (fun rates key -> Map.add key (Array.map (fun _ -> rate) rates[key]) rates)

        { state with
            Progress = { state.Progress with Rates = rates }
        }

    let private trained
        recipe
        (handles: Handles)
        (search: LearningRateSearch)
        (keys: string list)
        token
        (fork: TrainingState)
        =
        let losses = ResizeArray<float>()
        let mutable state = fork
        let mutable hasDiverged = false
        let mutable weighted, best = 0.0, infinity

        try
            while not hasDiverged && losses.Count < search.Iterations do
                (token: CancellationToken).ThrowIfCancellationRequested()
                let rate = search.RateOf losses.Count

                match
                    try
                        Iteration.next recipe handles Ownership.Given token ignore (atRate keys rate state)
                        |> ValueSome
                    with :? NotFiniteNumberException ->
                        ValueNone
                with
                | ValueNone -> hasDiverged <- true
                | ValueSome(next, (outcome: Outcome)) ->
                    state <-
                        { next with
                            Progress = inEpoch next.Progress
                        }

                    let loss = outcome.Losses[Keys.TotalLoss]
                    losses.Add loss
                    weighted <- search.Smoothing * weighted + (1.0 - search.Smoothing) * loss
                    let mean = weighted / (1.0 - Math.Pow(search.Smoothing, float losses.Count))
                    best <- min best mean
                    hasDiverged <- mean > search.Limit(losses[0], best)

            struct (losses.ToArray(), hasDiverged)
        finally
            state.Dispose()

    /// The curve of a state's fork. The state, and everything that its run uses, is afterwards as it was; modules are bound to the
    /// fork, so the caller binds them.
    let find (recipe: Recipe) (handles: Handles) (search: LearningRateSearch) token (state: TrainingState) =
        search.Check()
        checkForkable handles
        let keys = chosen handles search
        StateGuards.check handles state

        // What a fork would average is thrown away.
        let ofFork = { handles with Averaging = None }
        let plain = state.WithoutAverage()

        let fork =
            { plain with
                Progress =
                    { stay plain.Progress with
                        Rates = LearningRates.current handles plain.Progress
                    }
            }

        let struct (losses, hasDiverged) =
            ForkedUse.during handles (fun () -> trained recipe ofFork search keys token fork)

        LearningRateCurve.ofLosses
            search.Smoothing
            (List.toArray keys)
            hasDiverged
            (Array.init losses.Length search.RateOf)
            losses
