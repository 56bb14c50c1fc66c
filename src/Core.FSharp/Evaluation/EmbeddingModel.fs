namespace MetricLearning

open TorchSharp
open type TorchSharp.torch
open MetricLearning.Core

/// A trunk, and an embedder on top of it where there is one, as one function from inputs to embeddings. The modules stay
/// their owner's.
/// ArgumentException if one of them was disposed or has no forward pass from tensors to a tensor, or for a precision that cannot be.
[<Sealed>]
type internal EmbeddingModel(trunk: nn.Module, embedder: nn.Module | null, precision: Precision) =

    static let forwardOf (precision: Precision) (name: string) (network: nn.Module) : Tensor[] -> Tensor =
        if TorchModules.isDisposed network then
            invalidArg name $"The {name} was disposed; give it alive."

        match TorchModules.forward network with
        | Some forward -> Autocast.through precision forward
        | None ->
            invalidArg
                name
                $"The {name} is a {network.GetType().Name}, which has no forward pass from tensors to a tensor; use a torch.nn.Module<Tensor, Tensor> (for the trunk two or three input tensors, where samples have several)."

    do
        if isNull (box trunk) then
            nullArg (nameof trunk)

        Autocast.require (nameof precision) precision

    let throughTrunk = forwardOf precision (nameof trunk) trunk

    let throughEmbedder =
        match embedder with
        | null -> None
        | network when (TorchModules.arity network |> Option.defaultValue 1) <> 1 ->
            invalidArg
                (nameof embedder)
                $"The embedder takes {(TorchModules.arity network).Value} input tensors; it is given one, the output of the trunk."
        | network -> Some(forwardOf precision (nameof embedder) network)

    let modules =
        match embedder with
        | null -> [| trunk |]
        | network -> [| trunk; network |]

    let turns = Locks.ofModules modules

    /// Networks that compute with the types of their weights.
    new(trunk: nn.Module, embedder: nn.Module | null) = EmbeddingModel(trunk, embedder, Precision.Float32)

    /// The network that sees the data.
    member _.Trunk = trunk

    /// The network on top of it; null where the trunk makes the embeddings.
    member _.Embedder = embedder

    /// The trunk and, where there is one, the embedder.
    member internal _.Modules = modules

    /// The turns of both.
    member internal _.Turns = turns

    /// The device of the parameters; the CPU if there are none.
    member _.Device: Device =
        match modules |> Seq.collect _.parameters() |> Seq.tryHead with
        | Some parameter -> parameter.device
        | None -> torch.CPU

    /// The embeddings (N × D) of inputs with N rows each: two forward passes, in whatever mode the modules are in.
    /// InvalidOperationException if the networks cannot take the inputs, or make something else than a matrix of N rows.
    member internal _.Embed(inputs: Tensor[]) : Tensor =
        match TorchModules.arity trunk with
        | Some wanted when wanted <> inputs.Length ->
            invalidOp $"The trunk takes {wanted} input tensor(s), but a sample has {inputs.Length}."
        | _ -> ()

        let rows = inputs[0].size 0
        let features = TorchModules.call (nameof trunk) throughTrunk inputs
        TorchModules.checkRows (nameof trunk) rows features

        let embeddings =
            match throughEmbedder with
            | None -> features
            | Some forward ->
                let embeddings = TorchModules.call (nameof embedder) forward [| features |]
                TorchModules.checkRows (nameof embedder) rows embeddings
                embeddings

        TorchModules.checkMatrix embeddings

        if not (embeddings.is_floating_point ()) then
            invalidOp
                $"Embeddings must be floating-point numbers; the networks made {embeddings.dtype}. Let them end with a layer that computes with such."

        embeddings
