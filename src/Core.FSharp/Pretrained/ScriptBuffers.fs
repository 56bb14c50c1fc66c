namespace MetricLearning

open System
open System.Reflection
open TorchSharp
open type TorchSharp.torch
open MetricLearning.Core

/// The tensors of a script, and the parts of it that own them.
module internal ScriptTensors =

    /// The part of a script that owns a tensor, by the tensor's full name, and its name there.
    let owner (parts: (string * jit.ScriptModule)[]) (name: string) : jit.ScriptModule * string =
        let path, leaf =
            match name.LastIndexOf '.' with
            | -1 -> "", name
            | dot -> name[.. dot - 1], name[dot + 1 ..]

        parts |> Array.find (fun (own, _) -> own = path) |> snd, leaf

    // TorchSharp asks for them when it wraps a script, and never again.
    let private found: Func<jit.ScriptModule, struct (string * Tensor)[]> =
        match
            typeof<jit.ScriptModule>.GetMethod("_named_buffers", BindingFlags.Instance ||| BindingFlags.NonPublic)
        with
        | null -> Func<_, _>(fun part -> part.named_attributes false)
        | found -> found.CreateDelegate<Func<jit.ScriptModule, struct (string * Tensor)[]>>()

    let private iterate (tensors: struct (string * Tensor)[]) (act: string -> Tensor -> unit) : unit =
        for struct (name, tensor) in tensors do
            // Attributes that are no tensors come without one.
            if not (isNull (box tensor)) && not tensor.IsInvalid then
                try
                    act name tensor
                finally
                    tensor.Dispose()

    /// Calls `act` with every buffer that a part of a script holds now, by its name there.
    let buffers (part: jit.ScriptModule) (act: string -> Tensor -> unit) : unit = iterate (found.Invoke part) act

    /// Calls `act` with every tensor that a part of a script holds itself, by its name there.
    let attributes (part: jit.ScriptModule) (act: string -> Tensor -> unit) : unit =
        iterate (part.named_attributes false) act

/// Buffers that a script replaces instead of writing into them, as batch norms of PyTorch 1.9 to 1.12 do with the count of their
/// batches (`self.n = self.n + 1`). After a call in training mode their numbers go into the registered buffer, and the script
/// gets that one back: so it is part of states and checkpoints.
[<Sealed>]
type internal ScriptBuffers(parts: (string * jit.ScriptModule)[]) =
    // Found in the first call in training mode.
    let mutable replaced: (string * Tensor)[] voption = ValueNone

    let giveBack (buffers: (string * Tensor)[]) : unit =
        for name, buffer in buffers do
            let part, leaf = ScriptTensors.owner parts name

            ScriptTensors.buffers part (fun own found ->
                if own = leaf then
                    Effects.overwrite buffer found)

            Effects.giveScript part leaf buffer

    let find (registered: (string * Tensor)[]) : (string * Tensor)[] =
        [|
            for name, buffer in registered do
                let part, leaf = ScriptTensors.owner parts name
                let mutable differs = false

                ScriptTensors.buffers part (fun own found ->
                    if own = leaf && not (found.Equals buffer) then
                        differs <- true)

                if differs then
                    name, buffer
        |]

    /// After a call in training mode, with the registered buffers by their full names.
    member _.GiveBack(registered: (string * Tensor) seq) : unit =
        match replaced with
        | ValueSome [||] -> ()
        | ValueSome known -> giveBack known
        | ValueNone ->
            let found = find (Seq.toArray registered)
            giveBack found
            replaced <- ValueSome found

    /// After the buffers were exchanged for others.
    member _.Forget() : unit = replaced <- ValueNone
