namespace MetricLearning

open System.Collections.Generic
open TorchSharp

/// Gradients by formula, for operations that autograd takes back in many more calls of libtorch. An operation is a class of
/// TorchSharp's: forward it saves its inputs, then what the formula needs, and backward it calls `backward`. Where a graph of the
/// gradients is asked for, as for second derivatives, the same operation is taken back by autograd instead.
module internal GradientByFormula =

    // The engine's own threads, which work for other devices than the CPU, have no dispose scope.
    let private keep (ctx: torch.autograd.AutogradContext) (here: DisposeScope | null) (tensor: torch.Tensor) =
        match here, ctx.get_data "scope" with
        | null, (:? OpenScope as owner) when owner.IsOpen -> owner.Take tensor
        | _ -> tensor.MoveToOuterDisposeScope()

    /// The gradient of an input that has none, as TorchSharp wants it.
    let none = Unchecked.defaultof<torch.Tensor>

    /// Keeps inputs, and what the formula needs, for the backward pass.
    let save (ctx: torch.autograd.AutogradContext) (inputs: torch.Tensor list) (others: torch.Tensor list) : unit =
        ctx.save_for_backward (List(inputs @ others))
        ctx.save_data ("inputs", inputs.Length)

        ctx.save_data (
            "scope",
            if inputs.Head.device_type = DeviceType.CPU then
                obj ()
            else
                OpenScope()
        )

    /// The gradients of the inputs, null for those that need none. `plain`: the operation as autograd knows it; `formula`: from the
    /// slope of the result and what was saved to the gradient of each input.
    let backward
        (ctx: torch.autograd.AutogradContext)
        (slope: torch.Tensor)
        (plain: torch.Tensor[] -> torch.Tensor)
        (formula: torch.Tensor -> torch.Tensor[] -> Lazy<torch.Tensor>[])
        : List<torch.Tensor> =
        let here = torch.CurrentDisposeScope
        use _ = torch.NewDisposeScope()
        let saved = ctx.get_saved_variables().ToArray()
        let inputs = Array.truncate (unbox<int>(ctx.get_data "inputs")) saved
        let wanted = inputs |> Array.filter _.requires_grad

        if torch.is_grad_enabled () then
            let again = plain inputs

            let found =
                Queue(torch.autograd.grad ([| again |], wanted, [| slope |], true, true, true))

            List
                [
                    for input in inputs ->
                        if input.requires_grad then
                            keep ctx here (found.Dequeue())
                        else
                            none
                ]
        else
            let gradients = formula slope saved

            List
                [
                    for index, input in Array.indexed inputs ->
                        if input.requires_grad then
                            keep ctx here gradients[index].Value
                        else
                            none
                ]
