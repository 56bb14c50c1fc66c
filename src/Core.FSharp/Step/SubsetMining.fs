namespace MetricLearning.Core

open System
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

    let private invoke (miner: Func<Tensor, Tensor, Tensor>) (embedded: Embedded) : Tensor =
        Parts.run (fun () -> $"MiningFuncs[\"{Keys.SubsetBatchMiner}\"]") (fun () ->
            let chosen = miner.Invoke(embedded.Embeddings, embedded.Labels)
            check embedded.Labels chosen
            chosen)

    // The choice of the first process, which may draw by chance of its own.
    let private ofFirst (handles: Handles) (miner: Func<Tensor, Tensor, Tensor>) (embedded: Embedded) : int64[] =
        FromFirst.numbers handles.Processes Occasion.Rows (fun () ->
            (invoke miner embedded).cpu().contiguous().data<int64>().ToArray())

    let private ofShares
        (handles: Handles)
        seed
        ctx
        miner
        (batch: Batch)
        (shares: RowShares)
        : struct (Batch * RowShares) =
        let own =
            if batch.Labels.size 0 = 0L then
                [||]
            else
                [| (embed handles seed ctx batch).Embeddings |]

        let struct (all, _) =
            RowGathering.gather handles.Processes handles.Device shares.Rows own 0

        Effects.seedGenerators handles.Device seed

        let chosen =
            ofFirst
                handles
                miner
                {
                    Embeddings = all[0]
                    Labels = shares.Labels
                }

        let labels =
            InOrder.rows (torch.tensor (chosen, device = handles.Device)) shares.Labels

        let struct (own, shares) =
            RowShares.choose handles.Processes.Rank shares.Rows labels chosen

        let own = torch.tensor (own, device = handles.Device)

        { batch with
            Data = batch.Data |> Array.map (fun data -> InOrder.rows own data)
            Labels = InOrder.rows own batch.Labels
        },
        shares

    let private ofWhole (handles: Handles) seed ctx miner (batch: Batch) : struct (Batch * RowShares) =
        let indices = (invoke miner (embed handles seed ctx batch)).``to`` handles.Device

        let chosen =
            { batch with
                Data = batch.Data |> Array.map (fun data -> InOrder.rows indices data)
                Labels = InOrder.rows indices batch.Labels
            }

        struct (chosen, RowShares.whole chosen.Labels)

    /// The samples that the subset miner keeps, chosen by their embeddings in evaluation mode: those of this process, and how those of
    /// all make a batch.
    let choose (handles: Handles) (seed: Seed) (ctx: Context) batch (shares: RowShares) : struct (Batch * RowShares) =
        match handles.SubsetMiner with
        | null -> struct (batch, shares)
        | miner ->
            use _ = no_grad ()
            handles.Binding.SetEvaluation()

            if handles.Processes.Count = 1 then
                ofWhole handles seed ctx miner batch
            else
                ofShares handles seed ctx miner batch shares
