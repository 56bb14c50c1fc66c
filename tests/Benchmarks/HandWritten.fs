namespace MetricLearning.Benchmarks

open System
open TorchSharp
open MetricLearning.Core

/// The loop that one would write without the library: one dispose scope a step, no hooks. The loss is the library's.
[<Sealed>]
type HandWritten
    (
        network: torch.nn.Module<torch.Tensor, torch.Tensor>,
        loss: Loss,
        optimizer: torch.optim.Optimizer,
        data: torch.Tensor,
        labels: torch.Tensor,
        batchSize: int
    ) =
    let size = int64 batchSize
    let iterations = data.size 0 / size

    do network.train true

    /// The last iteration's loss.
    member val Loss = nan with get, set

    /// One pass over the data, shuffled; an incomplete batch is dropped.
    member this.Epoch() : unit =
        use order = torch.randperm (data.size 0, dtype = torch.int64)

        for iteration in 0L .. iterations - 1L do
            use _ = torch.NewDisposeScope()
            let index = order.narrow (0L, iteration * size, size)
            let inputs = data.index_select (0L, index)
            let targets = labels.index_select (0L, index)
            optimizer.zero_grad ()
            let value = loss.Compute(network.call inputs, targets)
            value.backward ()
            optimizer.step () |> ignore
            this.Loss <- value.ToDouble()

    interface IDisposable with
        member _.Dispose() =
            optimizer.Dispose()
            network.Dispose()
            data.Dispose()
            labels.Dispose()
