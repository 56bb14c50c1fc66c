namespace MetricLearning.Core

open System
open TorchSharp
open type TorchSharp.torch

/// The tensors of a script, and the parts of it that own them.
module internal ScriptTensors =

    /// The part of a script that owns a tensor, by the tensor's full name, and its name there.
    let owner (parts: (string * jit.ScriptModule)[]) (name: string) : jit.ScriptModule * string =
        let path, leaf =
            match name.LastIndexOf '.' with
            | -1 -> "", name
            | dot -> name[.. dot - 1], name[dot + 1 ..]

        parts |> Array.find (fun (own, _) -> own = path) |> snd, leaf

    /// Calls `act` with every tensor that a part of a script holds itself, by its name there.
    let iterate (part: jit.ScriptModule) (act: string -> Tensor -> unit) : unit =
        for struct (name, tensor) in part.named_attributes false do
            // Attributes that are no tensors come without one.
            if not (isNull (box tensor)) && not tensor.IsInvalid then
                try
                    act name tensor
                finally
                    tensor.Dispose()

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

            ScriptTensors.iterate part (fun own found ->
                if own = leaf then
                    Effects.overwrite buffer found)

            part.set_attribute (leaf, buffer)

    let find (registered: (string * Tensor)[]) : (string * Tensor)[] =
        [|
            for name, buffer in registered do
                let part, leaf = ScriptTensors.owner parts name
                let mutable differs = false

                ScriptTensors.iterate part (fun own found ->
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
