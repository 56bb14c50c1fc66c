namespace MetricLearning.Core

open MetricLearning
open System
open TorchSharp
open type TorchSharp.torch

/// One training iteration: decide, run, evolve.
module Iteration =

    /// What the next iteration does. Pure.
    let decide (recipe: Recipe) (handles: Handles) (progress: Progress) : Plan =
        recipe.Decide handles.RunKeys (Progress.upcoming progress)

    let private wantedDtype (handles: Handles) (data: Tensor) =
        match handles.Dtype with
        | Some dtype when data.is_floating_point () -> dtype
        | _ -> data.dtype

    /// The batch on the device, in the dtype that was asked for.
    let private place (handles: Handles) (fetched: Batch) : Batch =
        {
            Data =
                fetched.Data
                |> Array.map (fun data -> data.``to`` (wantedDtype handles data, handles.Device))
            Labels = fetched.Labels.``to`` handles.Device
            Indices = fetched.Indices
        }

    let private context (handles: Handles) (plan: Plan) (seed: Seed) : Context =
        {
            Plan = plan
            Networks = handles.Networks
            Losses = handles.Losses
            Miners = handles.TupleMiners
            Seed = seed
        }

    /// The samples that the subset miner keeps, chosen by their embeddings in evaluation mode.
    let private subset (handles: Handles) (seed: Seed) (ctx: Context) (batch: Batch) : Batch =
        match handles.SubsetMiner with
        | null -> batch
        | miner ->
            use _ = no_grad ()
            Effects.seedGenerators seed
            Effects.setEvaluation handles
            let embedded = Embedding.embed ctx batch
            let chosen = miner.Invoke(embedded.Embeddings, embedded.Labels)
            Mining.checkSubset batch.Labels chosen
            let indices = chosen.``to`` handles.Device

            { batch with
                Data = batch.Data |> Array.map (fun data -> data.index_select (0L, indices))
                Labels = batch.Labels.index_select (0L, indices)
            }

    /// The weighted losses by name and their sum.
    let private weigh (plan: Plan) (Losses terms) : (string * Tensor) list * Tensor =
        let weighted =
            [
                for name, loss in terms do
                    if not (Map.containsKey name plan.Weights) then
                        let known = String.Join(", ", plan.Weights.Keys)

                        invalidOp
                            $"\"{name}\" is no loss of this trainer; its losses are {known}. Name further losses at construction."

                    if isNull (box loss) then
                        invalidOp $"The loss \"{name}\" is null; a loss function must return one number for the batch."

                    if loss.numel () <> 1L then
                        invalidOp
                            $"The loss \"{name}\" has the shape {loss.ToString TensorStringStyle.Metadata}; a loss function must return one number for the batch."

                    if Plan.counts name plan then
                        let scalar = if loss.dim () = 0L then loss else loss.reshape [||]
                        let weight = Plan.weight name plan
                        name, (if weight = 1.0 then scalar else scalar * weight)
            ]

        match List.map snd weighted with
        | [] -> invalidOp "This iteration has no loss: no loss with a weight above zero takes part in its phase."
        | first :: others -> weighted, List.fold (fun (sum: Tensor) loss -> sum + loss) first others

    /// Scalars as numbers: one by one where they can simply be looked at, in one transfer from any other device.
    let private numbers (scalars: Tensor list) : float[] =
        if scalars |> List.forall (fun scalar -> scalar.device_type = DeviceType.CPU) then
            [| for scalar in scalars -> scalar.ToDouble() |]
        else
            let stacked =
                torch.stack [| for scalar in scalars -> scalar.detach().``to`` ScalarType.Float64 |]

            stacked.cpu().data<float>().ToArray()

    /// The losses as numbers.
    let private read (handles: Handles) (weighted: (string * Tensor) list) (total: Tensor) : Map<string, float> =
        let numbers = numbers (total :: List.map snd weighted)

        let zeros = handles.RunKeys.Terms |> Seq.map (fun name -> name, 0.0) |> Map.ofSeq

        Seq.zip (List.map fst weighted) (Seq.tail numbers)
        |> Seq.fold
            (fun losses (name, value) ->
                losses |> Map.change name (fun sum -> Some(Option.defaultValue 0.0 sum + value)))
            zeros
        |> Map.add Keys.TotalLoss numbers[0]

    let private refuseNonFinite (progress: Progress) (losses: Map<string, float>) =
        if not (Double.IsFinite losses[Keys.TotalLoss]) then
            let shown =
                losses
                |> Map.toSeq
                |> Seq.map (fun (name, value) -> $"{name} = {value}")
                |> String.concat ", "

            raise (
                NotFiniteNumberException(
                    $"The loss is not finite in epoch {progress.Epoch}, iteration {progress.Iteration} ({shown}). Nothing was changed; look for NaN or infinite inputs, or lower the learning rate.",
                    losses[Keys.TotalLoss]
                )
            )

    let private forward recipe (handles: Handles) (plan: Plan) (progress: Progress) (fetched: Batch) =
        let ctx = context handles plan (Progress.stepSeed "step" progress)

        let batch =
            place handles fetched
            |> subset handles (Progress.stepSeed "subset" progress) ctx

        Effects.setModes handles plan.Frozen
        Effects.seedGenerators ctx.Seed
        Effects.clearGradients handles
        let weighted, total = recipe.Objective ctx batch |> weigh plan

        if not total.requires_grad then
            invalidOp
                "The loss does not depend on any parameter that trains. Unfreeze a network, or, if your own loss returns a constant for a batch without pairs, let it return embeddings.sum() * 0."

        total.backward ()
        weighted, total

    /// Runs an iteration on the batch: from what was learned to what is learned, and the weighted losses. With `keep`
    /// the value it starts from stays as it is; without, its vectors may be written in place and it is used up.
    let internal run
        (recipe: Recipe)
        (handles: Handles)
        (keep: bool)
        (plan: Plan)
        (state: TrainingState)
        (fetched: Batch)
        : struct (Learned * Map<string, float> * Map<string, float[]>) =
        let progress = state.Progress
        let learned = state.Learned

        lock Locks.modulesAndGenerators (fun () ->
            StateGuards.check handles state
            let rates = LearningRates.current handles progress
            use _ = NewDisposeScope()
            use _ = enable_grad ()
            let users = torch.random.get_rng_state ()
            let workspace = Workspace.prepare handles keep learned

            try
                try
                    let weighted, total = forward recipe handles plan progress fetched
                    let losses = read handles weighted total
                    refuseNonFinite progress losses

                    for _, clip in handles.Clippers do
                        clip.Invoke()

                    Effects.writeRates handles rates
                    let next = OptimizerStep.step handles keep learned workspace plan.Stepping rates

                    if not keep then
                        learned.Dispose()

                    struct (next, losses, rates)
                with _ ->
                    Workspace.undo handles workspace learned
                    reraise ()
            finally
                Effects.restoreGenerators handles.Device users)

    let private advance recipe (handles: Handles) keep (state: TrainingState) (fetched: Batch) cursor passIsOver =
        let upcoming =
            { state with
                Progress = Progress.upcoming state.Progress
            }

        let plan = decide recipe handles state.Progress
        let struct (learned, losses, rates) = run recipe handles keep plan upcoming fetched

        let outcome =
            {
                Losses = losses
                Rates = rates
                Cursor = cursor
                PassIsOver = passIsOver
            }

        {
            Progress = Progress.evolve upcoming.Progress outcome
            Learned = learned
        }

    let private withDueMoved (handles: Handles) (state: TrainingState) =
        { state with
            Progress = Scheduling.moveDue handles state.Progress
        }

    /// One iteration on the batch at the state's place in the data. Without `keep` the state is used up, so that its memory
    /// can be reused, and what is due after the iteration is left due.
    let internal onNext
        (recipe: Recipe)
        (handles: Handles)
        (keep: bool)
        (token: Threading.CancellationToken)
        (state: TrainingState)
        =
        let progress = state.Progress

        // A pass that is about to be drawn may depend on what this state has learned.
        if not (handles.Loader.Order.IsDrawn progress.Cursor) then
            lock Locks.modulesAndGenerators (fun () ->
                StateGuards.check handles state
                Effects.bind handles state.Learned)

        let loaded = handles.Loader.Fetch(progress.Seed, progress.Cursor, token)
        use batch = loaded.Batch
        advance recipe handles keep state batch loaded.After loaded.EndsPass

    /// One training iteration on the batch at the state's place in the data: a function of its state, which can be stepped
    /// again. The new state is the caller's to dispose.
    /// Raises what the iteration raised, the state being whole; InvalidOperationException when the state was freed.
    let step (recipe: Recipe) (handles: Handles) (state: TrainingState) : TrainingState =
        withDueMoved handles state
        |> onNext recipe handles true Threading.CancellationToken.None
        |> withDueMoved handles

    /// One training iteration on a given batch, which stays the caller's. The state's place in the data does not move, so an
    /// epoch ends only by `IterationsPerEpoch`.
    let stepOn (recipe: Recipe) (handles: Handles) (batch: Batch) (state: TrainingState) : TrainingState =
        let ready = withDueMoved handles state

        advance recipe handles true ready batch ready.Progress.Cursor false
        |> withDueMoved handles
