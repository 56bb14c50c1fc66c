namespace MetricLearning.Core

open System
open TorchSharp
open type TorchSharp.torch
open MetricLearning
open MetricLearning.Core

/// Everything that changes modules, optimizers of TorchSharp's or libtorch's generators: storages, modes, gradients, rates.
/// Nothing else in the library does.
module internal Effects =

    /// Makes tensors views of a flat one; nothing is copied.
    let point (targets: Tensor[]) (layout: Layout) (flat: Tensor) : unit =
        use _ = no_grad ()

        for index in 0 .. targets.Length - 1 do
            use view = Layout.view layout.Slots[index] flat
            targets[index].set_ view |> ignore

    /// Gives tensors storages of their own, with the same content; disposed ones are left alone.
    let detach (tensors: Tensor seq) : unit =
        use _ = no_grad ()

        for tensor in tensors do
            if not tensor.IsInvalid then
                use copy = tensor.detach().clone()
                tensor.set_ copy |> ignore

    /// Runs an action while a tensor is a view of another one.
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

    /// Puts a network or loss into a mode, except for the layers that stay in evaluation mode.
    let setMode (training: bool) (handle: ModuleHandle) : unit =
        let wanted layer =
            training && not (handle.KeptInEval.Contains layer)

        // Reading a mode is a hundred times cheaper than setting it, and between iterations modes rarely change.
        if handle.Modules |> Array.exists (fun layer -> layer.training <> wanted layer) then
            handle.Module.train training

            for layer in handle.KeptInEval do
                layer.train false

    /// Lets a parameter have gradients or not; a disposed one is left alone.
    let requireGradient (parameter: Modules.Parameter) (required: bool) : unit =
        if not parameter.IsInvalid then
            parameter.requires_grad <- required

    /// Lets a tensor that nothing made have a gradient.
    let receiveGradient (tensor: Tensor) : unit = tensor.requires_grad <- true

    /// Gives parameters the gradients that lie in a vector one after the other.
    let giveGradients (parameters: Modules.Parameter[]) (gradients: Tensor) : unit =
        let mutable first = 0L

        for parameter in parameters do
            let size = parameter.numel ()
            parameter.grad <- gradients.narrow(0L, first, size).reshape parameter.shape
            first <- first + size

    /// Gives a parameter a gradient, or takes it away; a disposed one is left alone.
    let giveGradient (parameter: Modules.Parameter) (gradient: Tensor | null) : unit =
        if not parameter.IsInvalid then
            parameter.grad <- gradient

    /// Drops every gradient.
    let clearGradients (groups: ParameterGroup[]) : unit =
        for group in groups do
            for parameter in group.Parameters do
                parameter.grad <- null

    // TorchSharp's manual_seed seeds the CPU alone.
    let private seedCuda (device: Device) (seed: int64) : unit =
        if device.``type`` = DeviceType.CUDA then
            torch.cuda.manual_seed_all seed

    /// Seeds libtorch's generators: the CPU's, and those of CUDA if the device is one of them.
    let seedGenerators (device: Device) (seed: Seed) : unit =
        use _ = torch.manual_seed (Seed.toInt64 seed)
        seedCuda device (Seed.toInt64 seed)

    /// Puts the user's stream of random numbers back. The state of a CUDA generator cannot be read, so it is seeded by the
    /// CPU's stream, which stays where it was, and by a seed that differs from call to call.
    let restoreGenerators (device: Device) (seed: Seed) (state: Tensor) : unit =
        torch.random.set_rng_state state

        if device.``type`` = DeviceType.CUDA then
            use draw = torch.randint (Int64.MaxValue, [| 1L |], dtype = ScalarType.Int64)
            seedCuda device (draw.item<int64>() ^^^ Seed.toInt64 (Seed.derive "users" 0L seed))
            torch.random.set_rng_state state

    /// Chooses libtorch's algorithms, for the whole process.
    let chooseAlgorithms (wanted: LibtorchAlgorithms) : unit = LibtorchAlgorithms.choose wanted

    /// Runs an action while libtorch's autocast works so on this thread; puts it back as it was.
    let whileAutocasting (wanted: LibtorchAutocast) (act: unit -> unit) : unit =
        let found = LibtorchAutocast.current ()
        LibtorchAutocast.choose wanted

        try
            act ()
        finally
            ValueOption.iter LibtorchAutocast.choose found

    /// Multiplies every gradient of these groups by a factor, in place.
    let scaleGradients (groups: ParameterGroup seq) (factor: float) : unit =
        use _ = no_grad ()

        for group in groups do
            for parameter in group.Parameters do
                match parameter.grad with
                | null -> ()
                | gradient -> gradient.mul_ (Numeric.scalar factor) |> ignore

    /// Runs an action while libtorch's generators follow a seed; leaves the user's stream of random numbers as it was.
    let whileSeeded (device: Device) (seed: Seed) (act: unit -> unit) : unit =
        use users = torch.random.get_rng_state ()

        try
            seedGenerators device seed
            act ()
        finally
            restoreGenerators device seed users

    /// Runs an action that may change modes; leaves them as they were.
    let whileKeepingModes (models: nn.Module seq) (act: unit -> unit) : unit =
        let modes =
            [|
                for model in models do
                    for layer in Seq.append [ model ] (model.modules ()) -> struct (layer, layer.training)
            |]

        try
            act ()
        finally
            for struct (layer, training) in modes do
                if layer.training <> training then
                    layer.train training

    /// Runs an action while modules are in evaluation mode; leaves modes as they were.
    let whileInEvaluation (models: nn.Module seq) (act: unit -> unit) : unit =
        whileKeepingModes models (fun () ->
            for model in models do
                model.eval ()

            act ())

    /// Both.
    let whileAllEvaluating (models: nn.Module seq) (device: Device) (seed: Seed) (act: unit -> unit) : unit =
        whileInEvaluation models (fun () -> whileSeeded device seed act)

    /// Steps an opaque optimizer, on the weights that modules are bound to.
    let stepOpaque (optimizer: optim.Optimizer) : unit = optimizer.step () |> ignore

    /// Writes learning rates into an optimizer of TorchSharp's, one for each parameter group.
    let writeRates (optimizer: optim.Optimizer) (rates: float[]) : unit =
        for group, rate in Seq.zip optimizer.ParamGroups rates do
            if group.LearningRate <> rate then
                group.LearningRate <- rate

    /// Steps one of TorchSharp's schedulers, with a score if it wants one.
    let stepScheduler (scheduler: optim.lr_scheduler.LRScheduler) (score: float option) : unit =
        match score with
        | Some score -> scheduler.step score
        | None -> scheduler.step ()
