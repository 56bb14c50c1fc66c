namespace MetricLearning.Core

open System.Threading
open MetricLearning

/// A batch that was taken from the data.
[<ReferenceEquality>]
type internal Taken =
    {
        Batch: SharedBatch
        /// The place in the order of data after it.
        After: Cursor
        /// True for the last batch of a pass.
        EndsPass: bool
    }

/// One training iteration: decide, fetch, bind, forward, backward, step, evolve.
module Iteration =

    /// The plan of the next iteration. Pure.
    let decide (recipe: Recipe) (handles: Handles) (progress: Progress) : Plan =
        recipe.Decide handles.RunKeys (Progress.upcoming progress)

    // A pass that is about to be drawn may depend on the weights, or on chance of the user's: the first process draws it.
    let private draw (handles: Handles) (state: TrainingState) : Cursor =
        let cursor = state.Progress.Cursor

        if handles.Loader.Order.IsDrawn cursor then
            cursor
        else
            Locks.holding handles.Binding.Turns (fun () ->
                StateGuards.check handles state
                handles.Binding.Bind state.Learned)

            SharedOrder.draw handles.Processes handles.Loader.Order state.Progress.Seed cursor

    let private fetch (handles: Handles) (token: CancellationToken) (state: TrainingState) : Loaded =
        handles.Loader.Fetch(state.Progress.Seed, draw handles state, token)

    let private differentiate
        recipe
        (handles: Handles)
        (workspace: Workspace)
        (plan: Plan)
        (progress: Progress)
        (scale: LossScale option)
        (fetched: SharedBatch)
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

        let placed = Placement.place handles fetched.Own
        let read = RowShares.ofBatch fetched placed

        let struct (batch, shares) =
            SubsetMining.choose handles (Progress.stepSeed "subset" progress) ctx placed read

        // Labels that a subset miner chose are others, and then nothing is known.
        let ctx =
            { ctx with
                LabelRange = LabelRange(read.Labels, fetched.Labels)
            }

        handles.Binding.SetModes plan.Frozen
        Effects.clearGradients handles.Groups
        let exchange = ProcessExchange.find handles workspace batch shares
        Crossing.differentiate handles workspace exchange recipe.Halves ctx scale batch

    // What is learned next, the losses on which all processes agree, and whether the step was skipped: in all of them, for they have
    // the same gradients.
    let private move
        (handles: Handles)
        workspace
        progress
        endsPass
        (found: Findings)
        : struct (Learned * Map<string, float> * bool) =
        match found with
        | Findings.Overflow losses ->
            let losses = SharedLosses.settle handles.Processes losses
            struct (Workspace.goBack handles workspace, losses, true)
        | Findings.Finite(losses, moves, measured) ->
            let following = FollowStep.prepare handles workspace

            let average =
                AverageStep.prepare handles workspace progress (Progress.endsEpoch endsPass progress) moves

            let losses = ref losses

            let agree () =
                losses.Value <- SharedLosses.settle handles.Processes losses.Value

            let next =
                OptimizerStep.step handles workspace progress moves measured following average agree

            struct (next, losses.Value, false)

    /// Follows a plan on a batch: from what was learned to what is learned next.
    let private run recipe (handles: Handles) ownership (progress: Progress) (plan: Plan) learned (taken: Taken) =
        let state =
            {
                Progress = progress
                Learned = learned
            }

        Workspace.run handles ownership state (fun workspace ->
            let rates = LearningRates.current handles progress
            let scale = GradientScale.next handles progress
            let losses = differentiate recipe handles workspace plan progress scale taken.Batch
            let found = Measurements.check handles workspace progress plan rates scale losses
            handles.Binding.WriteRates rates

            let struct (next, losses, isSkipped) =
                move handles workspace progress taken.EndsPass found

            next,
            {
                Plan = plan
                Losses = losses
                Rates = rates
                LossScale = scale
                IsSkipped = isSkipped
                Cursor = taken.After
                PassIsOver = taken.EndsPass
            })

    // Errors of parts say in which iteration, and are those of all processes.
    let private placed (handles: Handles) (state: TrainingState) (act: unit -> 'T) : 'T =
        let progress = Progress.upcoming state.Progress

        handles.Processes.Meeting.Together(fun () -> Parts.inIteration progress.Epoch (progress.Iteration + 1) act)

    let private meet (handles: Handles) (state: TrainingState) (own: Batch) (samples: int64[]) : SharedBatch =
        let rates = LearningRates.current handles state.Progress
        SharedBatch.meet handles.Processes state.Progress rates own samples

    let private evolve recipe (handles: Handles) ownership (state: TrainingState) (taken: Taken) =
        let progress = Progress.upcoming state.Progress
        let plan = decide recipe handles state.Progress

        let learned, outcome =
            run recipe handles ownership progress plan state.Learned taken

        {
            Progress = Progress.evolve progress outcome
            Learned = learned
        },
        outcome

    /// One iteration on the batch at the state's place in the data, the labels of which are shown first. The work that is due
    /// after it is left pending.
    let internal next recipe (handles: Handles) ownership token show (state: TrainingState) : TrainingState * Outcome =
        placed handles state (fun () ->
            let loaded = fetch handles token state
            use own = loaded.Batch
            use batch = meet handles state own loaded.Samples
            show batch.Labels

            evolve
                recipe
                handles
                ownership
                state
                {
                    Batch = batch
                    After = loaded.After
                    EndsPass = loaded.EndsPass
                })

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

    /// One training iteration on a given batch, which stays the caller's; all processes are given the same. The state's place in the
    /// data does not move, so an epoch ends only by `IterationsPerEpoch`.
    let stepOn (recipe: Recipe) (handles: Handles) (batch: Batch) (state: TrainingState) : TrainingState =
        let ready = withDueMoved handles state
        let processes = handles.Processes

        let ofOwn (act: Batch -> 'T) : 'T =
            if processes.Count = 1 then
                act batch
            else
                use own = BatchShare.cut processes.Rank processes.Count batch
                act own

        placed handles ready (fun () ->
            ofOwn (fun own ->
                use shared = meet handles ready own batch.Indices

                evolve
                    recipe
                    handles
                    Ownership.Borrowed
                    ready
                    {
                        Batch = shared
                        After = ready.Progress.Cursor
                        EndsPass = false
                    }))
        |> fst
        |> withDueMoved handles
