namespace MetricLearning.Parity

open System.Text.Json
open TorchSharp

/// Tensors from fixtures and back.
[<RequireQualifiedAccess>]
module Tensors =

    /// Nested lists as a float64 tensor, row major.
    let floats (json: JsonElement) : torch.Tensor =
        torch.tensor(Json.numbers json, dtype = torch.float64).reshape(Array.ofList (Json.shape json))

    /// Nested lists as an int64 tensor, row major.
    let integers (json: JsonElement) : torch.Tensor =
        torch.tensor(Array.map int64 (Json.numbers json), dtype = torch.int64).reshape(Array.ofList (Json.shape json))

    /// Nested lists as a tensor: of integers, of truth values, or else of floats.
    let any (json: JsonElement) : torch.Tensor =
        if Json.isIntegral json then
            integers json
        elif Json.isTruth json then
            (floats json).to_type torch.ScalarType.Bool
        else
            floats json

    /// A leaf whose gradient will be asked for.
    let leaf (json: JsonElement) : torch.Tensor = (floats json).requires_grad_ true

    /// The elements, row major, whatever the dtype and device.
    let values (tensor: torch.Tensor) : float[] =
        use _ = torch.NewDisposeScope()

        tensor.detach().to_type(torch.float64).cpu().contiguous().data<float>().ToArray()
