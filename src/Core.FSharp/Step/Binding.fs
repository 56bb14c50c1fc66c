namespace MetricLearning.Core

open System
open System.Threading
open TorchSharp
open type TorchSharp.torch
open MetricLearning
open MetricLearning.Core

/// Binds the modules and TorchSharp's optimizers of a run to states, and knows the state they are bound to. Nobody else can
/// change what it knows.
[<Sealed>]
type Binding
    internal
    (
        modules: ModuleHandle list,
        groups: ParameterGroup[],
        bufferGroups: BufferGroup[],
        optimizers: (string * OptimizerHandle) list
    ) =

    static let mutable runs = 0L
    static let mutable lastToBind = 0L

    let number = Interlocked.Increment &runs
    let turns = Locks.ofModules (modules |> Seq.map _.Module)
    let weights: (Vector | null)[] = Array.zeroCreate groups.Length
    let buffers: (Vector | null)[] = Array.zeroCreate bufferGroups.Length
    let rounded = groups |> Array.map (fun group -> RoundedWeights group.Shown)
    // Networks and losses whose parameters were told to get no gradient; None when that is not known.
    let mutable frozen: Set<string> option = None
    let mutable rates: Map<string, float[]> = Map.empty
    let mutable torchSchedules: Map<string, TorchScheduleState> = Map.empty
    let mutable head: Vector[] | null = null
    let mutable isDisposed = false

    let foundModes =
        [|
            for handle in modules do
                for layer in handle.Modules -> struct (layer, layer.training)
        |]

    let isOpaque =
        optimizers
        |> List.exists (function
            | _, OptimizerHandle.Opaque _ -> true
            | _ -> false)

    let forget () =
        Array.Clear weights
        Array.Clear buffers
        frozen <- None

    // Another run may have bound the same modules to vectors of its own. Only the run that bound last knows what modules are
    // bound to; the others have to bind again.
    let claim () =
        if Volatile.Read &lastToBind <> number then
            Volatile.Write(&lastToBind, number)
            forget ()

    let same (left: Vector | null) (right: Vector) = obj.ReferenceEquals(left, right)

    let show (group: int) (vector: Vector) =
        let shown = groups[group]
        let targets = shown.Parameters |> Array.map (fun parameter -> parameter :> Tensor)
        Locks.noteChange turns

        if shown.IsRounded then
            rounded[group].Show(targets, vector, not (isNull weights[group]))
        else
            Effects.point targets shown.Layout vector.Tensor

        weights[group] <- vector

    /// The turns of its modules.
    member internal _.Turns: Turn[] = turns

    /// True while modules are bound to averages of weights, for which no step may start.
    member val internal ShowsAverages = false with get, set

    /// True once the run was disposed.
    member _.IsDisposed: bool = isDisposed

    /// The vector that the parameters of a group are views of; null when that is not known.
    member _.WeightsOf(group: int) : Vector | null = weights[group]

    /// True if the parameters are views of these vectors.
    member _.IsBoundTo(learned: Learned) : bool =
        learned.Groups.Length = groups.Length
        && Seq.forall2 same weights (Seq.map _.Weights learned.Groups)

    /// The learning rates that were last written into TorchSharp's optimizers.
    member _.Rates: Map<string, float[]> = rates

    /// The history of TorchSharp's schedulers.
    member _.TorchSchedules: Map<string, TorchScheduleState> = torchSchedules

    /// Makes the parameters of a group views of a vector.
    member internal _.BindWeights(group: int, vector: Vector) : unit =
        claim ()

        if not (same weights[group] vector) then
            show group vector

    /// The same after a step, which may have been taken in the vector that they are views of.
    member internal _.BindStepped(group: int, vector: Vector) : unit =
        claim ()

        if groups[group].IsRounded || not (same weights[group] vector) then
            show group vector

    /// Weights that parameters show rounded, and that were written into them since, become those of the vector that they show.
    member internal _.TakeOver(group: int, vector: Vector) : unit =
        claim ()

        if groups[group].IsRounded && same weights[group] vector then
            rounded[group].TakeOver vector

    /// Makes the buffers of a group views of a vector.
    member internal _.BindBuffers(group: int, vector: Vector) : unit =
        claim ()

        if not (same buffers[group] vector) then
            Effects.point bufferGroups[group].Buffers bufferGroups[group].Layout vector.Tensor
            buffers[group] <- vector

    /// Binds weights and buffers to what a run has learned.
    member internal this.Bind(learned: Learned) : unit =
        Locks.holding turns (fun () ->
            learned.Groups
            |> Array.iteri (fun group state -> this.BindWeights(group, state.Weights))

            learned.Buffers
            |> Array.iteri (fun group vector -> this.BindBuffers(group, vector)))

    /// Puts networks and losses into the modes of a plan, and stops gradients at what is frozen.
    member internal _.SetModes(wanted: Set<string>) : unit =
        claim ()

        for handle in modules do
            Effects.setMode (not (wanted.Contains handle.Key)) handle

        let isKnown =
            match frozen with
            | Some known -> obj.ReferenceEquals(wanted, known) || wanted = known
            | None -> false

        if not isKnown then
            for handle in modules do
                for struct (parameter, usersChoice) in handle.Parameters do
                    Effects.requireGradient parameter usersChoice

            // Last, because a network that trains may share parameters with one that is frozen.
            for handle in modules do
                if wanted.Contains handle.Key then
                    for struct (parameter, _) in handle.Parameters do
                        Effects.requireGradient parameter false

            frozen <- Some wanted

    /// Puts every network and loss into evaluation mode.
    member internal _.SetEvaluation() : unit =
        for handle in modules do
            Effects.setMode false handle

    /// Modes and gradients were changed by somebody else.
    member internal _.ForgetModes() : unit = frozen <- None

    /// Writes learning rates into TorchSharp's optimizers, where its schedulers and the user look for them.
    member internal _.WriteRates(wanted: Map<string, float[]>) : unit =
        for key, handle in optimizers do
            match handle, Map.tryFind key wanted with
            | (OptimizerHandle.Mirrored optimizer | OptimizerHandle.Opaque optimizer), Some ofGroups ->
                Effects.writeRates optimizer ofGroups
                rates <- Map.add key ofGroups rates
            | _ -> ()

    /// Notes how far one of TorchSharp's schedulers has been stepped.
    member internal _.NoteSchedule(key: string, state: TorchScheduleState) : unit =
        torchSchedules <- Map.add key state torchSchedules

    /// Notes the vectors that the last step led to: with an opaque optimizer, the only ones that can be stepped.
    member internal _.NoteHead(learned: Learned) : unit =
        if isOpaque then
            head <- Array.ofSeq learned.Vectors

    /// True unless an opaque optimizer has stepped on from these vectors.
    member internal _.IsHead(learned: Learned) : bool =
        match head with
        | null -> true
        | head -> Seq.forall2 same head learned.Vectors

    /// Gives every parameter and buffer a storage of its own, and modes and gradients back as they were found.
    member internal _.Release() : unit =
        Locks.holding turns (fun () ->
            for group in groups do
                Effects.detach (Seq.cast<Tensor> group.Parameters)

            for weights in rounded do
                weights.Free()

            for group in bufferGroups do
                Effects.detach group.Buffers

            for handle in modules do
                for struct (parameter, usersChoice) in handle.Parameters do
                    Effects.requireGradient parameter usersChoice

            for struct (layer, training) in foundModes do
                if not (TorchModules.isDisposed layer) then
                    Effects.setModeOf layer training

            forget ()
            isDisposed <- true)
