namespace MetricLearning.Core

open MetricLearning
open TorchSharp
open type TorchSharp.torch

/// Everything that changes the world: which tensors modules show, modes, gradients, rates, libtorch's generator.
/// Nothing else in the library does.
module internal Effects =

    let mutable private lastToBind = 0L

    // Another run may have bound the same modules to vectors of its own. Only the run that bound last knows what modules
    // show; the others have to bind again.
    let private claim (binding: Binding) : unit =
        if System.Threading.Volatile.Read &lastToBind <> binding.Number then
            System.Threading.Volatile.Write(&lastToBind, binding.Number)
            System.Array.Clear binding.Weights
            System.Array.Clear binding.Buffers
            binding.Frozen <- None

    let private point (targets: Tensor[]) (layout: Layout) (vector: Vector) : unit =
        use _ = no_grad ()

        for index in 0 .. targets.Length - 1 do
            use view = Layout.view layout.Slots[index] vector.Tensor
            targets[index].set_ view |> ignore

    /// Makes the parameters of a group views of a vector; nothing is copied.
    let bindWeights (handles: Handles) (group: int) (vector: Vector) : unit =
        claim handles.Binding

        if not (obj.ReferenceEquals(handles.Binding.Weights[group], vector)) then
            let {
                    Parameters = parameters
                    Layout = layout
                } =
                handles.Groups[group]

            point (Array.map (fun parameter -> parameter :> Tensor) parameters) layout vector
            handles.Binding.Weights[group] <- vector

    /// Makes the buffers of one dtype and device views of a vector.
    let bindBuffers (handles: Handles) (group: int) (vector: Vector) : unit =
        claim handles.Binding

        if not (obj.ReferenceEquals(handles.Binding.Buffers[group], vector)) then
            let { Buffers = buffers; Layout = layout }: BufferGroup = handles.Buffers[group]
            point buffers layout vector
            handles.Binding.Buffers[group] <- vector

    /// Does something while a tensor shows other numbers, and then shows its own again.
    let whileBoundTo (other: Tensor) (tensor: Tensor) (act: unit -> unit) : unit =
        use own = tensor.detach().alias()
        tensor.set_ other |> ignore

        try
            act ()
        finally
            tensor.set_ own |> ignore

    /// Writes other numbers into a parameter or buffer, in place, converted to its dtype.
    let overwrite (tensor: Tensor) (content: Tensor) : unit =
        use _ = no_grad ()
        tensor.copy_ content |> ignore

    /// Makes a part of a script hold another tensor.
    let giveScript (part: jit.ScriptModule) (name: string) (tensor: Tensor) : unit = part.set_attribute (name, tensor)

    /// Puts one module into a mode.
    let setModeOf (layer: nn.Module) (training: bool) : unit = layer.train training

    /// Makes the modules show what a run has learned.
    let bind (handles: Handles) (learned: Learned) : unit =
        learned.Groups
        |> Array.iteri (fun group groupState -> bindWeights handles group groupState.Weights)

        learned.Buffers |> Array.iteri (bindBuffers handles)

    let private setMode (training: bool) (handle: ModuleHandle) : unit =
        let wanted layer =
            training && not (handle.KeptInEval.Contains layer)

        // Asking is a hundred times cheaper than setting, and between iterations nothing changes as a rule.
        if handle.Modules |> Array.exists (fun layer -> layer.training <> wanted layer) then
            handle.Module.train training

            for layer in handle.KeptInEval do
                layer.train false

    /// Puts networks and losses into the modes of a plan, and stops gradients at what is frozen.
    let setModes (handles: Handles) (frozen: Set<string>) : unit =
        claim handles.Binding

        let isKnown =
            match handles.Binding.Frozen with
            | Some known -> obj.ReferenceEquals(frozen, known) || frozen = known
            | None -> false

        for handle in handles.Modules do
            setMode (not (frozen.Contains handle.Key)) handle

        if not isKnown then
            for handle in handles.Modules do
                for struct (parameter, usersChoice) in handle.Parameters do
                    parameter.requires_grad <- usersChoice

            // Last, because a network that trains may share parameters with one that is frozen.
            for handle in handles.Modules do
                if frozen.Contains handle.Key then
                    for struct (parameter, _) in handle.Parameters do
                        parameter.requires_grad <- false

            handles.Binding.Frozen <- Some frozen

    /// Puts every network and loss into evaluation mode.
    let setEvaluation (handles: Handles) : unit =
        for handle in handles.Modules do
            setMode false handle

    /// Drops every gradient.
    let clearGradients (handles: Handles) : unit =
        for group in handles.Groups do
            for parameter in group.Parameters do
                parameter.grad <- null

    /// Seeds libtorch's generators.
    let seedGenerators (seed: Seed) : unit =
        use _ = torch.manual_seed (Seed.toInt64 seed)
        ()

    /// Puts the user's stream of random numbers back. The state of a CUDA generator cannot be read, so it is seeded
    /// from a draw of the CPU's.
    let restoreGenerators (device: Device) (state: Tensor) : unit =
        torch.random.set_rng_state state

        if device.``type`` = DeviceType.CUDA then
            use draw = torch.randint (System.Int64.MaxValue, [| 1L |], dtype = ScalarType.Int64)
            torch.cuda.manual_seed_all (draw.ToInt64())

    /// Does something while modules are in evaluation mode and libtorch's generators follow a seed; leaves modes and the
    /// user's stream of random numbers as they were.
    let whileAllEvaluating (models: nn.Module seq) (device: Device) (seed: Seed) (act: unit -> unit) : unit =
        use users = torch.random.get_rng_state ()

        let modes =
            [|
                for model in models do
                    for layer in Seq.append [ model ] (model.modules ()) -> struct (layer, layer.training)
            |]

        try
            seedGenerators seed

            for model in models do
                model.eval ()

            act ()
        finally
            for struct (layer, training) in modes do
                if layer.training <> training then
                    layer.train training

            restoreGenerators device users

    /// `whileAllEvaluating` for one module.
    let whileEvaluating (model: nn.Module) (device: Device) (seed: Seed) (act: unit -> unit) : unit =
        whileAllEvaluating [ model ] device seed act

    /// Steps an optimizer that keeps its slots to itself, on what the modules show.
    let stepInPlace (optimizer: optim.Optimizer) : unit = optimizer.step () |> ignore

    /// What the last step of optimizers that keep their slots to themselves made: the one state that can be stepped.
    let rememberHead (handles: Handles) (learned: Learned) : unit =
        let isInPlace =
            function
            | _, OptimizerHandle.Opaque _ -> true
            | _ -> false

        if List.exists isInPlace handles.Optimizers then
            handles.Binding.OpaqueHead <- Array.ofSeq learned.Vectors

    /// Writes learning rates into TorchSharp's optimizers, where its schedulers and the user look for them.
    let writeRates (handles: Handles) (rates: Map<string, float[]>) : unit =
        for key, handle in handles.Optimizers do
            match handle, Map.tryFind key rates with
            | (OptimizerHandle.Mirrored optimizer | OptimizerHandle.Opaque optimizer), Some wanted ->
                for group, rate in Seq.zip optimizer.ParamGroups wanted do
                    if group.LearningRate <> rate then
                        group.LearningRate <- rate

                handles.Binding.Rates <- Map.add key wanted handles.Binding.Rates
            | _ -> ()

    /// Steps one of TorchSharp's schedulers, with a score if it wants one.
    let stepScheduler (scheduler: optim.lr_scheduler.LRScheduler) (score: float option) : unit =
        match score with
        | Some score -> scheduler.step score
        | None -> scheduler.step ()

    /// Gives every parameter and buffer a storage of its own, and modes and gradients back as they were found.
    let giveBack (handles: Handles) : unit =
        use _ = no_grad ()

        let own (tensor: Tensor) =
            if not tensor.IsInvalid then
                use copy = tensor.detach().clone()
                tensor.set_ copy |> ignore

        for group in handles.Groups do
            for parameter in group.Parameters do
                own parameter

        for group in handles.Buffers do
            Array.iter own group.Buffers

        for handle in handles.Modules do
            for struct (parameter, usersChoice) in handle.Parameters do
                if not parameter.IsInvalid then
                    parameter.requires_grad <- usersChoice

        for layer, training in handles.FoundTraining do
            if not (TorchModules.isDisposed layer) then
                layer.train training

        System.Array.Clear handles.Binding.Weights
        System.Array.Clear handles.Binding.Buffers
        handles.Binding.Frozen <- None

/// Looking at a state through the modules.
[<CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Binding =

    /// Binds the modules to the weights and buffers of a state, for example to evaluate it; nothing is copied. The next
    /// step binds them to its own.
    /// Raises InvalidOperationException when the state was freed.
    let bind (handles: Handles) (state: TrainingState) : unit =
        state.Learned.ThrowIfFreed()
        Effects.bind handles state.Learned
