namespace MetricLearning.Core

open System.Collections.Generic
open TorchSharp
open MetricLearning

/// The sum of a tensor over all processes, as a function with a derivative: each process gets the sum of all gradients.
[<Sealed>]
type internal SummedOverProcesses() =
    inherit torch.autograd.SingleTensorFunction<SummedOverProcesses>()

    let sum (tensor: torch.Tensor) : torch.Tensor =
        let sum = tensor.detach().clone()
        Processes.Joined.Collective.Sum sum
        sum

    let meet () =
        Processes.Joined.Meeting.Meet(Occasion.Normalization, [||]) |> ignore

    override _.Name = "SummedOverProcesses"

    override _.forward(_, inputs) =
        meet ()
        sum (inputs[0] :?> torch.Tensor)

    // Called by libtorch, through which no exception passes.
    override _.backward(_, gradient) =
        let found = ref (gradient.detach().clone())

        Processes.Joined.Meeting.Deferred(fun () ->
            meet ()
            found.Value <- sum gradient)

        List [ found.Value ]

    /// The sum of a tensor.
    static member Of(tensor: torch.Tensor) : torch.Tensor = SummedOverProcesses.apply (box tensor)
