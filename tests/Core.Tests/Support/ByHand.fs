namespace MetricLearning.Core.Tests.Support

open System.Threading
open TorchSharp
open MetricLearning
open MetricLearning.Core

/// What an iteration does to keep the laws; each can be switched off.
[<RequireQualifiedAccess>]
type Mechanism =
    /// Libtorch's generator is seeded from the state.
    | Seeding
    /// The user's generator is put back.
    | GeneratorGivenBack
    /// The step writes into copies of the weights.
    | FreshWeights
    /// The step writes into copies of the optimizer's slots.
    | FreshSlots
    /// The forward pass writes into copies of the buffers.
    | FreshBuffers
    /// Modules show the state that is stepped.
    | Binding
    /// Networks that are frozen are in evaluation mode and get no gradient.
    | Freezing
    /// Gradients of the iteration before are dropped.
    | ClearedGradients
    /// What an iteration makes is disposed with it.
    | Scope

/// One iteration written out by hand, for runs without subset miner and schedules, not in float16. With every mechanism on it computes what
/// `Iteration.step` computes; with one off, the law that needs it must be seen to fail.
module ByHand =

    let private point (targets: Tensor[]) (layout: Layout) (vector: Vector) =
        use _ = torch.no_grad ()

        for target, slot in Array.zip targets layout.Slots do
            use view = Layout.view slot vector.Tensor
            target.set_ view |> ignore

    let private setModes (handles: Handles) (frozen: Set<string>) =
        for handle in handles.Modules do
            let isFrozen = frozen.Contains handle.Key
            handle.Module.train (not isFrozen)

            for layer in handle.KeptInEval do
                layer.train false

            for struct (parameter, usersChoice) in handle.Parameters do
                parameter.requires_grad <- usersChoice && not isFrozen

    let private context (prepared: Run) (plan: Plan) (progress: Progress) : Context =
        {
            Plan = plan
            Schema = prepared.Recipe.Schema
            Networks = prepared.Handles.Networks
            Losses = prepared.Handles.Losses
            Miners = prepared.Handles.TupleMiners
            LabelRange = LabelRange.Unknown
            Seed = Progress.stepSeed "step" progress
        }

    let private rule (handles: Handles) (progress: Progress) (group: ParameterGroup) (key: string) =
        match handles.Optimizers |> List.find (fst >> (=) key) |> snd with
        | OptimizerHandle.Value optimizer ->
            optimizer.RulesAfter(Progress.stepsTaken progress, progress.Epoch - 1)[group.Index]
        | _ -> invalidOp "Only pure optimizers are stepped by hand."

    let private own isFresh (vector: Vector) =
        if isFresh then
            Vector.clone vector
        else
            vector.Retain()
            vector

    // What follows is in the same places of the same vectors, so that the same numbers stand in one vector of the processor.
    let private follow (following: Following[]) (vectors: Vector[]) =
        use _ = torch.no_grad ()

        for each in following do
            use own = vectors[each.Vector].Tensor.narrow(0L, each.First, each.Count)
            use leader = vectors[each.Leader].Tensor.narrow(0L, each.LeaderFirst, each.Count)

            if own.is_floating_point () then
                use share = torch.tensor (1.0 - each.Momentum, dtype = own.dtype)
                own.lerp_ (leader, share) |> ignore
            else
                own.copy_ leader |> ignore

    let step (off: Mechanism list) (prepared: Run) (state: TrainingState) : TrainingState =
        let isOn mechanism = not (List.contains mechanism off)
        let handles = prepared.Handles
        let progress = Progress.upcoming state.Progress
        let plan = prepared.Recipe.Decide handles.RunKeys progress

        let loaded =
            handles.Loader.Fetch(progress.Seed, progress.Cursor, CancellationToken.None)

        use batch = loaded.Batch
        use users = torch.random.get_rng_state ()
        let scope = torch.NewDisposeScope()

        try
            let buffers = state.Learned.Buffers |> Array.map (own (isOn Mechanism.FreshBuffers))

            if isOn Mechanism.Binding then
                for group, learned in Array.zip handles.Groups state.Learned.Groups do
                    point
                        (Array.map (fun parameter -> parameter :> Tensor) group.Parameters)
                        group.Layout
                        learned.Weights

                for group, vector in Array.zip handles.Buffers buffers do
                    point group.Buffers group.Layout vector

            setModes handles (if isOn Mechanism.Freezing then plan.Frozen else Set.empty)

            if isOn Mechanism.Seeding then
                torch.manual_seed (Seed.toInt64 (Progress.stepSeed "step" progress)) |> ignore

            if isOn Mechanism.ClearedGradients then
                for group in handles.Groups do
                    for parameter in group.Parameters do
                        parameter.grad <- null

            let (Losses terms) =
                Halves.losses prepared.Recipe.Halves (context prepared plan progress) batch

            let total = terms |> List.map snd |> List.reduce (fun sum loss -> sum + loss)
            total.backward ()

            for _, clip in handles.Clippers do
                clip.Invoke()

            let groups =
                Array.zip handles.Groups state.Learned.Groups
                |> Array.map (fun (group, learned) ->
                    let weights = own (isOn Mechanism.FreshWeights) learned.Weights
                    let slots = learned.Slots |> Array.map (own (isOn Mechanism.FreshSlots))

                    match group.Optimizer with
                    | Some key when List.contains key plan.Stepping || not (isOn Mechanism.Freezing) ->
                        use update = new FlatUpdate(group.Layout)
                        let rule = rule handles progress group key

                        let gradients: (Tensor | null)[] =
                            [| for parameter in group.Parameters -> parameter.grad |]

                        let counts =
                            update.Run(
                                rule,
                                progress.Rates[key][group.Index],
                                learned.Counts,
                                update.Prepare(learned.Counts, gradients),
                                [| for slot in slots -> slot.Tensor |],
                                weights.Tensor
                            )

                        {
                            Weights = weights
                            Slots = slots
                            Counts = counts
                        }
                    | _ ->
                        { learned with
                            Weights = weights
                            Slots = slots
                        })

            follow handles.Following [| for group: GroupState in groups -> group.Weights |]
            follow handles.FollowingBuffers buffers

            let losses =
                Map.ofList
                    [
                        for name in handles.RunKeys.Terms do
                            yield name, 0.0
                        for name, loss in terms do
                            yield name, loss.detach().``to``(ScalarType.Float64).item<float>()
                        yield Keys.TotalLoss, total.detach().``to``(ScalarType.Float64).item<float>()
                    ]

            {
                Progress =
                    { Progress.evolve
                          progress
                          {
                              Plan = plan
                              Losses = losses
                              Rates = progress.Rates
                              Cursor = loaded.After
                              PassIsOver = loaded.EndsPass
                              LossScale = None
                              IsSkipped = false
                          } with
                        Pending = []
                    }
                Learned = new Learned(groups, buffers)
            }
        finally
            if isOn Mechanism.Scope then
                scope.Dispose()
            else
                scope.Detach(scope.DisposablesView) |> ignore
                scope.Dispose()

            if isOn Mechanism.GeneratorGivenBack then
                torch.random.set_rng_state users
