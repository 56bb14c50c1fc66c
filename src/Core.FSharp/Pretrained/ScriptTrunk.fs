namespace MetricLearning

open System
open System.Collections.Generic
open System.Runtime.InteropServices
open TorchSharp
open type TorchSharp.torch
open MetricLearning.Core

/// <summary>
/// A TorchScript module (<c>torch.jit.save</c> in Python) from one tensor to one as a module that trains. Its parameters and buffers keep
/// their Python names, and modes pass through. It runs as it was written, without libtorch's rewriting of its graph, so that equal steps
/// give equal bits.
/// </summary>
[<Sealed>]
type ScriptTrunk private (script: jit.ScriptModule<Tensor, Tensor>, parts: (string * jit.ScriptModule)[]) =
    inherit nn.Module<Tensor, Tensor>("ScriptTrunk")

    let root = { Script = script }
    let run = TorchScript.call script
    let replaced = ScriptBuffers parts

    // Names of a tensor that is registered under another name.
    let ties = ResizeArray<string * string>()

    let isBatchNorm (part: jit.ScriptModule) : bool =
        let names = HashSet<string>()
        ScriptTensors.buffers part (fun name _ -> names.Add name |> ignore)
        names.Contains "running_mean" && names.Contains "running_var"

    let give (name: string) (tensor: Tensor) : unit =
        let part, leaf = ScriptTensors.owner parts name
        Effects.giveScript part leaf tensor

    // One tensor under two names comes as two objects. Where it lies tells.
    let place (tensor: Tensor) : struct (MemoryRange * string) voption =
        MemoryRange.ofTensor tensor
        |> ValueOption.map (fun range -> struct (range, $"{tensor.dtype} {Shape.show tensor.shape}"))

    let register (known: Dictionary<struct (MemoryRange * string), string>) (name: string) (tensor: Tensor) act =
        tensor.DetachFromDisposeScope() |> ignore

        match place tensor with
        | ValueSome place when not (known.TryAdd(place, name)) -> ties.Add(name, known[place])
        | _ -> act ()

    /// <summary>A script as a module.</summary>
    /// <param name="script">The script, which belongs to this module from then on.</param>
    new(script: jit.ScriptModule<Tensor, Tensor>) as this =
        // Not in the constructor above, and no `as this` there: F# would let the finalizer of a module whose construction failed
        // throw, which ends the process.
        new ScriptTrunk(script, ScriptTrunk.PartsOf script)
        then this.Register()

    // Wrappers of the inner parts register tensor handles of their own, which nobody needs: they end with this scope.
    static member private PartsOf(script: jit.ScriptModule<Tensor, Tensor>) : (string * jit.ScriptModule)[] =
        ArgumentNullException.ThrowIfNull(script, nameof script)
        use _ = NewDisposeScope()

        [|
            "", script :> jit.ScriptModule
            for struct (name, part) in script.named_modules () do
                name, (part :?> jit.ScriptModule)
        |]

    member private this.Register() : unit =
        let known = Dictionary<struct (MemoryRange * string), string>()

        for struct (name, parameter) in Seq.toArray (script.named_parameters ()) do
            register known name parameter (fun () -> this.register_parameter (name, parameter))

        for struct (name, buffer) in Seq.toArray (script.named_buffers ()) do
            register known name buffer (fun () -> this.register_buffer (name, buffer))

        this.GiveTies()

        for path, part in parts do
            if path <> "" && isBatchNorm part then
                // Names of modules have no dots.
                this.register_module (path.Replace('.', '/'), new ScriptBatchNorm({ Script = part }))

    member private this.Named() : (string * Tensor)[] =
        [|
            for struct (name, parameter) in this.named_parameters false do
                name, parameter :> Tensor
            for struct (name, buffer) in this.named_buffers false do
                name, buffer
        |]

    member private this.GiveTies() : unit =
        let registered = dict (this.Named())

        for name, first in ties do
            give name registered[first]

    // Tensors that a script holds without having registered them.
    member private this.MoveOthers(device: Device) : unit =
        let registered = HashSet(Seq.append (Seq.map fst (this.Named())) (Seq.map fst ties))

        for path, part in parts do
            ScriptTensors.attributes part (fun leaf found ->
                let name = if path = "" then leaf else $"{path}.{leaf}"

                if not (registered.Contains name) then
                    use moved = found.``to`` device
                    Effects.giveScript part leaf moved)

    /// <summary>Loads a script. It is a program: load only what you trust.</summary>
    /// <param name="path">The file.</param>
    /// <param name="device">The device of its tensors; null for the CPU.</param>
    /// <exception cref="System.IO.InvalidDataException">libtorch cannot load it.</exception>
    /// <exception cref="System.IO.FileNotFoundException">There is no such file.</exception>
    static member Load
        (path: string, [<Optional; DefaultParameterValue(null: Device | null)>] device: Device | null)
        : ScriptTrunk =
        ArgumentNullException.ThrowIfNull(path, nameof path)
        new ScriptTrunk(TorchScript.load path device)

    /// True if scripts run as they were written. False with a libtorch that cannot switch off its rewriting: then equal steps may differ in
    /// the last bits.
    static member IsExact: bool = TorchScript.isExact

    /// One pass of the script.
    override this.forward(input: Tensor) : Tensor =
        let output = run input

        if root.Script.training then
            replaced.GiveBack(
                [|
                    for struct (name, buffer) in this.named_buffers false do
                        name, buffer
                |]
            )

        output

    /// The script's mode.
    override _.training = root.Script.training

    /// Puts the script and all its parts into a mode. A traced script keeps the one that it was traced in.
    override _.train([<Optional; DefaultParameterValue(true)>] on: bool) : unit = Effects.setModeOf root.Script on

    // `to` exchanges parameters and buffers for others, which the script must get as well.
    override this._toEpilog(dtype: Nullable<ScalarType>, device: Device | null, non_blocking: bool) : unit =
        let before = dict (this.Named())
        base._toEpilog (dtype, device, non_blocking)

        for name, tensor in this.Named() do
            if not (obj.ReferenceEquals(before[name], tensor)) then
                give name tensor

        this.GiveTies()

        match device with
        | null -> ()
        | device -> this.MoveOthers device

        replaced.Forget()

    override _.Dispose(disposing: bool) : unit =
        base.Dispose disposing

        if disposing then
            root.Script.Dispose()
