namespace MetricLearning

open TorchSharp
open MetricLearning.Core

/// Losses of embeddings without training.
module internal ValidationLoss =

    // A loss that writes while it is computed writes into copies.
    let rec private whileCopied (tensors: torch.Tensor list) (act: unit -> unit) : unit =
        match tensors with
        | [] -> act ()
        | tensor :: others ->
            use copy = tensor.detach().clone()
            Effects.whileBoundTo copy tensor (fun () -> whileCopied others act)

    // One order for all epochs: batches of neighbouring samples would often hold a single class.
    let private shuffled (rows: int64) : torch.Tensor =
        torch.tensor (Seed.shuffle [| 0L .. rows - 1L |] (Seed.ofInt64 0L |> Seed.derive "validation loss" rows))

    /// The mean loss over batches, weighted by their size. The loss is in evaluation mode; its buffers, parameters and modes, and
    /// all random streams, stay as they were.
    let mean (batchSize: int) (loss: Loss) (embeddings: torch.Tensor) (labels: torch.Tensor) : float =
        Locks.drawing (Locks.ofModules [ loss ]) (fun () ->
            use _ = torch.NewDisposeScope()
            use _ = torch.no_grad ()
            let rows = embeddings.size 0
            let order = (shuffled rows).``to`` embeddings.device
            let seed = Seed.ofInt64 0L
            let sum = ref 0.0

            let batch (first: int64) =
                use _ = torch.NewDisposeScope()
                let chosen = order.narrow (0L, first, min (int64 batchSize) (rows - first))
                let pick (tensor: torch.Tensor) = tensor.index_select (0L, chosen)

                let value =
                    loss.Compute(pick embeddings, pick labels, Tuples.All, null, null, Seed.derive "batch" first seed)

                sum.Value <- sum.Value + float (chosen.size 0) * value.to_type(torch.float64).item<float>()

            let kept =
                [
                    yield! loss.buffers ()
                    for parameter in loss.parameters () -> parameter :> torch.Tensor
                ]

            Effects.whileAllEvaluating [ loss ] embeddings.device (Seed.derive "evaluation" 0L seed) (fun () ->
                whileCopied kept (fun () -> Seq.iter batch [ 0L .. int64 batchSize .. rows - 1L ]))

            sum.Value / float rows)
