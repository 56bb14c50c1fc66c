namespace MetricLearning

open System.Collections.Generic
open TorchSharp

/// A number whose gradients are already known. There is no gradient of those gradients.
[<Sealed>]
type internal TileGradient() =
    inherit torch.autograd.SingleTensorFunction<TileGradient>()

    override _.Name = nameof TileGradient

    // The number, its gradients, then the tensors that they are gradients of.
    override _.forward(context, arguments) =
        context.save_for_backward (List(arguments[1] :?> torch.Tensor[]))
        arguments[0] :?> torch.Tensor

    override _.backward(context, given) =
        let gradients = List<torch.Tensor>()
        gradients.Add(Unchecked.defaultof<torch.Tensor>)
        gradients.Add(Unchecked.defaultof<torch.Tensor>)

        for known in context.get_saved_variables () do
            gradients.Add((known * given).to_type known.dtype)

        gradients

    /// The number, with these gradients of these tensors.
    static member Of(value: torch.Tensor, tensors: torch.Tensor[], gradients: torch.Tensor[]) : torch.Tensor =
        TileGradient.apply
            [|
                yield box value
                yield box gradients
                for tensor in tensors do
                    yield box tensor
            |]
