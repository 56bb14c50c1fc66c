namespace MetricLearning.Core

open System.Threading
open MetricLearning

/// One training iteration: decide, fetch, bind, forward, backward, step, evolve.
module Iteration =

    /// The plan of the next iteration. Pure.
    let decide (recipe: Recipe) (handles: Handles) (progress: Progress) : Plan =
        recipe.Decide handles.RunKeys (Progress.upcoming progress)

    // A pass that is about to be drawn may depend on the weights.
    let private fetch (handles: Handles) (token: CancellationToken) (state: TrainingState) : Loaded =
        if not (handles.Loader.Order.IsDrawn state.Progress.Cursor) then
            Locks.holding handles.Binding.Turns (fun () ->
                StateGuards.check handles state
                handles.Binding.Bind state.Learned)

        handles.Loader.Fetch(state.Progress.Seed, state.Progress.Cursor, token)

    let private differentiate
        recipe
        (handles: Handles)
        (workspace: Workspace)
        (plan: Plan)
        (progress: Progress)
        (fetched: Batch)
        : WeightedLosses =
        let ctx =
            {
                Plan = plan
                Schema = recipe.Schema
                Networks = handles.Networks
                Losses = handles.Losses
                Miners = handles.TupleMiners
                Seed = Progress.stepSeed "step" progress
                LabelRange = LabelRange.Unknown
            }

        let placed = Placement.place handles fetched

        let batch =
            SubsetMining.choose handles (Progress.stepSeed "subset" progress) ctx placed

        // Labels that a subset miner chose are others, and then nothing is known.
        let ctx =
            { ctx with
                LabelRange = LabelRange(placed.Labels, fetched.Labels)
            }

        handles.Binding.SetModes plan.Frozen
        Effects.clearGradients handles.Groups
        Crossing.differentiate handles workspace None recipe.Halves ctx batch

    /// Follows a plan on a batch: from what was learned to what is learned next.
    let private run recipe (handles: Handles) ownership (progress: Progress) (plan: Plan) learned (loaded: Loaded) =
        let state =
            {
                Progress = progress
                Learned = learned
            }

        Workspace.run handles ownership state (fun workspace ->
            let rates = LearningRates.current handles progress
            let losses = differentiate recipe handles workspace plan progress loaded.Batch
            let finite = Measurements.check handles workspace progress plan rates losses
            handles.Binding.WriteRates rates

            OptimizerStep.step handles workspace progress finite.Moves finite.Measured,
            {
                Plan = plan
                Losses = finite.Losses
                Rates = rates
                Cursor = loaded.After
                PassIsOver = loaded.EndsPass
            })

    // Errors of parts say in which iteration.
    let private placed (state: TrainingState) (act: unit -> 'T) : 'T =
        let progress = Progress.upcoming state.Progress
        Parts.inIteration progress.Epoch (progress.Iteration + 1) act

    let private evolve recipe (handles: Handles) ownership (state: TrainingState) (loaded: Loaded) =
        let progress = Progress.upcoming state.Progress
        let plan = decide recipe handles state.Progress

        let learned, outcome =
            run recipe handles ownership progress plan state.Learned loaded

        {
            Progress = Progress.evolve progress outcome
            Learned = learned
        },
        outcome

    /// One iteration on the batch at the state's place in the data, which is shown first. The work that is due after it is
    /// left pending.
    let internal next recipe (handles: Handles) ownership token show (state: TrainingState) : TrainingState * Outcome =
        placed state (fun () ->
            let loaded = fetch handles token state
            use _ = loaded.Batch
            show loaded.Batch
            evolve recipe handles ownership state loaded)

    let private withDueMoved (handles: Handles) (state: TrainingState) : TrainingState =
        { state with
            Progress = Scheduling.moveDue handles state.Progress
        }

    /// One iteration and the work that is due before and after it.
    let internal complete recipe (handles: Handles) ownership (state: TrainingState) : TrainingState =
        withDueMoved handles state
        |> next recipe handles ownership CancellationToken.None ignore
        |> fst
        |> withDueMoved handles

    /// One training iteration on the batch at the state's place in the data: a function of its state, which can be stepped
    /// again. The caller disposes the new state.
    /// Raises what the iteration raised, the state being whole; InvalidOperationException when the state was freed.
    let step (recipe: Recipe) (handles: Handles) (state: TrainingState) : TrainingState =
        complete recipe handles Ownership.Borrowed state

    /// One training iteration on a given batch, which stays the caller's. The state's place in the data does not move, so an
    /// epoch ends only by `IterationsPerEpoch`.
    let stepOn (recipe: Recipe) (handles: Handles) (batch: Batch) (state: TrainingState) : TrainingState =
        let ready = withDueMoved handles state

        placed ready (fun () ->
            evolve
                recipe
                handles
                Ownership.Borrowed
                ready
                {
                    Batch = batch
                    After = ready.Progress.Cursor
                    EndsPass = false
                })
        |> fst
        |> withDueMoved handles
