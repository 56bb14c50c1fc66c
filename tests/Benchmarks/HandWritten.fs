namespace MetricLearning.Benchmarks

open System
open TorchSharp

/// The loop that one would write without the library: one dispose scope a step, no hooks. `lossOf` takes the inputs of a
/// batch and its labels; losses and miners are the library's.
[<Sealed>]
type HandWritten
    (
        networks: torch.nn.Module list,
        optimizers: torch.optim.Optimizer list,
        data: torch.Tensor list,
        labels: torch.Tensor,
        batchSize: int,
        lossOf: torch.Tensor list -> torch.Tensor -> torch.Tensor
    ) =
    let size = int64 batchSize
    let iterations = labels.size 0 / size

    do
        for network in networks do
            network.train true

    /// The last iteration's loss.
    member val Loss = nan with get, set

    /// One pass over the data, shuffled; an incomplete batch is dropped.
    member this.Epoch() : unit =
        use order = torch.randperm (labels.size 0, dtype = torch.int64)

        for iteration in 0L .. iterations - 1L do
            use _ = torch.NewDisposeScope()
            let index = order.narrow (0L, iteration * size, size)
            let inputs = [ for input in data -> input.index_select (0L, index) ]
            let targets = labels.index_select (0L, index)

            for optimizer in optimizers do
                optimizer.zero_grad ()

            let value = lossOf inputs targets
            value.backward ()

            for optimizer in optimizers do
                optimizer.step () |> ignore

            this.Loss <- value.ToDouble()

    interface IDisposable with
        member _.Dispose() =
            for optimizer in optimizers do
                optimizer.Dispose()

            for network in networks do
                network.Dispose()

            for input in data do
                input.Dispose()

            labels.Dispose()

/// Loops of a single network.
module HandWritten =

    /// A loss of the library on a network's output.
    let ofNetwork
        (network: torch.nn.Module<torch.Tensor, torch.Tensor>)
        (loss: MetricLearning.Loss)
        (optimizer: torch.optim.Optimizer)
        (data: torch.Tensor)
        (labels: torch.Tensor)
        (batchSize: int)
        : HandWritten =
        new HandWritten(
            [ network ],
            [ optimizer ],
            [ data ],
            labels,
            batchSize,
            fun inputs targets -> loss.Compute(network.call inputs.Head, targets)
        )
