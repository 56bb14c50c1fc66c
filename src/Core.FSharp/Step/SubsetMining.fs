namespace MetricLearning.Core

open TorchSharp
open type TorchSharp.torch
open MetricLearning

/// Choosing the samples of a batch to train on.
module internal SubsetMining =

    // Raises InvalidOperationException when it is not a vector of at least one index into the batch.
    let private check (labels: Tensor) (indices: Tensor) : unit =
        let rows = labels.size 0

        if isNull (box indices) then
            invalidOp "The subset batch miner returned null; it must return a vector of int64 indices."

        if indices.dim () <> 1L || indices.dtype <> ScalarType.Int64 then
            invalidOp
                $"The subset batch miner must return a vector of int64 indices, not {indices.ToString TensorStringStyle.Metadata}. A tuple miner belongs under \"{Keys.TupleMiner}\"."

        if indices.numel () = 0L then
            invalidOp "The subset batch miner chose no sample of the batch; it must choose at least one."

        if indices.min().item<int64>() < 0L || indices.max().item<int64>() >= rows then
            invalidOp $"The subset batch miner chose an index outside the batch of {rows} samples."

    // In evaluation mode networks rarely draw at random; the miner may, and draws the same whatever the micro-batches.
    let private embed (handles: Handles) (seed: Seed) (ctx: Context) (batch: Batch) : Embedded =
        Effects.seedGenerators handles.Device seed

        match MicroBatches.cut handles.MicroBatchSize batch with
        | [| whole |] -> Embedding.embed ctx whole
        | parts ->
            let made =
                [|
                    for part in parts do
                        use _ = NewDisposeScope()
                        let embedded = Embedding.embed ctx part

                        { embedded with
                            Embeddings = embedded.Embeddings.MoveToOuterDisposeScope()
                        }
                |]

            Effects.seedGenerators handles.Device seed

            {
                Embeddings = torch.cat ([| for part in made -> part.Embeddings |], 0L)
                Labels = batch.Labels
            }

    /// The samples that the subset miner keeps, chosen by their embeddings in evaluation mode.
    let choose (handles: Handles) (seed: Seed) (ctx: Context) (batch: Batch) : Batch =
        match handles.SubsetMiner with
        | null -> batch
        | miner ->
            use _ = no_grad ()
            handles.Binding.SetEvaluation()
            let embedded = embed handles seed ctx batch

            let chosen =
                Parts.run (fun () -> $"MiningFuncs[\"{Keys.SubsetBatchMiner}\"]") (fun () ->
                    let chosen = miner.Invoke(embedded.Embeddings, embedded.Labels)
                    check batch.Labels chosen
                    chosen)

            let indices = chosen.``to`` handles.Device

            { batch with
                Data = batch.Data |> Array.map (fun data -> InOrder.rows indices data)
                Labels = InOrder.rows indices batch.Labels
            }
