namespace MetricLearning.Core

open System
open System.Runtime.InteropServices
open TorchSharp
open type TorchSharp.torch
open MetricLearning

/// Properties of TorchSharp's modules that they do not report themselves.
module internal TorchModules =

    /// True if the module was disposed. TorchSharp does not report it, but a disposed module raises on every access.
    let isDisposed (layer: nn.Module) : bool =
        try
            layer.training |> ignore
            false
        with :? ObjectDisposedException ->
            true

    /// The forward pass of a module, if it is one that takes tensors and makes a tensor.
    let forward (forwardModule: nn.Module) : (Tensor[] -> Tensor) option =
        match box forwardModule with
        | :? nn.IModule<Tensor, Tensor> as one -> Some(fun inputs -> one.call inputs[0])
        | :? nn.IModule<Tensor, Tensor, Tensor> as two -> Some(fun inputs -> two.call (inputs[0], inputs[1]))
        | :? nn.IModule<Tensor, Tensor, Tensor, Tensor> as three ->
            Some(fun inputs -> three.call (inputs[0], inputs[1], inputs[2]))
        | :? nn.IModule<Tensor[], Tensor> as any -> Some(fun inputs -> any.call inputs)
        | _ -> None

    /// The number of tensors that a module's forward takes; None if any number.
    let arity (forwardModule: nn.Module) : int option =
        match box forwardModule with
        | :? nn.IModule<Tensor, Tensor> -> Some 1
        | :? nn.IModule<Tensor, Tensor, Tensor> -> Some 2
        | :? nn.IModule<Tensor, Tensor, Tensor, Tensor> -> Some 3
        | _ -> None

    let private describe (inputs: Tensor[]) =
        inputs
        |> Seq.map (fun input -> $"{input.dtype} {Shape.show input.shape}")
        |> String.concat " and "

    /// The output of a network. The error of a forward pass that fails names the network and its inputs; libtorch does not.
    let call (name: string) (forward: Tensor[] -> Tensor) (inputs: Tensor[]) : Tensor =
        let output =
            try
                forward inputs
            with :? ExternalException as error ->
                raise (
                    InvalidOperationException(
                        $"The {name} cannot take an input of {describe inputs} (first dimension: samples): {Parts.reason error}",
                        error
                    )
                )

        match box output with
        | null -> invalidOp $"The {name} returned null; its forward pass must return a tensor."
        | _ -> output

    /// InvalidOperationException if a network's output does not have one row a sample.
    let checkRows (name: string) (rows: int64) (output: Tensor) : unit =
        if output.dim () < 1L || output.size 0 <> rows then
            invalidOp
                $"The {name} made an output of shape {output.ToString TensorStringStyle.Metadata} from a batch of {rows} samples; its first dimension must be {rows}."

    /// InvalidOperationException if embeddings are not a matrix.
    let checkMatrix (embeddings: Tensor) : unit =
        if embeddings.dim () <> 2L then
            invalidOp
                $"Embeddings must have the shape (samples, size); these have {embeddings.dim ()} dimensions. Let the embedder (or the trunk) end with a flatten or a linear layer."
