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
type ScriptTrunk
    /// <summary>A script as a module.</summary>
    /// <param name="script">The script, which belongs to this module from then on.</param>
    (script: jit.ScriptModule<Tensor, Tensor>) as this =
    inherit nn.Module<Tensor, Tensor>("ScriptTrunk")

    // Members of a class that says `as this` throw until it is constructed: so would the finalizer of one whose construction
    // failed, by way of Dispose, and end the process.
    let constructing (act: unit -> 'Result) : 'Result =
        try
            act ()
        with _ ->
            GC.SuppressFinalize this
            reraise ()

    // Wrappers of the inner parts register tensor handles of their own, which nobody needs: they end with this scope.
    let parts: (string * jit.ScriptModule)[] =
        constructing (fun () ->
            ArgumentNullException.ThrowIfNull(script, nameof script)
            use _ = NewDisposeScope()

            [|
                "", script :> jit.ScriptModule
                for struct (name, part) in script.named_modules () do
                    name, (part :?> jit.ScriptModule)
            |])

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

    let named () : (string * Tensor)[] =
        [|
            for struct (name, parameter) in this.named_parameters false do
                name, parameter :> Tensor
            for struct (name, buffer) in this.named_buffers false do
                name, buffer
        |]

    let giveTies () : unit =
        let registered = dict (named ())

        for name, first in ties do
            give name registered[first]

    // Tensors that a script holds without having registered them.
    let moveOthers (device: Device) : unit =
        let registered = HashSet(Seq.append (Seq.map fst (named ())) (Seq.map fst ties))

        for path, part in parts do
            ScriptTensors.attributes part (fun leaf found ->
                let name = if path = "" then leaf else $"{path}.{leaf}"

                if not (registered.Contains name) then
                    use moved = found.``to`` device
                    Effects.giveScript part leaf moved)

    do
        constructing (fun () ->
            let known = Dictionary<struct (MemoryRange * string), string>()

            for struct (name, parameter) in Seq.toArray (script.named_parameters ()) do
                register known name parameter (fun () -> this.register_parameter (name, parameter))

            for struct (name, buffer) in Seq.toArray (script.named_buffers ()) do
                register known name buffer (fun () -> this.register_buffer (name, buffer))

            giveTies ()

            for path, part in parts do
                if path <> "" && isBatchNorm part then
                    // Names of modules have no dots.
                    this.register_module (path.Replace('.', '/'), new ScriptBatchNorm({ Script = part })))

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
    override _.forward(input: Tensor) : Tensor =
        ArgumentNullException.ThrowIfNull(input, nameof input)
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
    override _._toEpilog(dtype: Nullable<ScalarType>, device: Device | null, non_blocking: bool) : unit =
        let before = dict (named ())
        base._toEpilog (dtype, device, non_blocking)

        for name, tensor in named () do
            if not (obj.ReferenceEquals(before[name], tensor)) then
                give name tensor

        giveTies ()

        match device with
        | null -> ()
        | device -> moveOthers device

        replaced.Forget()

    override _.Dispose(disposing: bool) : unit =
        base.Dispose disposing

        if disposing then
            root.Script.Dispose()
