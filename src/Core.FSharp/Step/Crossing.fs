namespace MetricLearning.Core

open TorchSharp
open MetricLearning
open MetricLearning.Core

/// From a batch to its losses, with their gradients in the parameters: both halves of a recipe as one graph, or cut between
/// them (Gao et al. 2021, "Scaling Deep Contrastive Learning Batch Size under Memory Limited Setup"). Cut, the first half
/// takes one micro-batch at a time: first without a graph, to make the rows that the second half sees; then, when the second
/// half has given the gradient of every row, with a graph, through which that gradient goes on.
module internal Crossing =

    let private oneGraph (handles: Handles) (halves: Halves) (ctx: Context) scale (batch: Batch) : WeightedLosses =
        Effects.seedGenerators handles.Device ctx.Seed
        let losses = batch |> Halves.losses halves ctx |> WeightedLosses.weigh ctx.Plan
        WeightedLosses.backward scale losses
        losses

    // Chance is a function of the step and the part, so both passes drop the same units.
    let private rowsOf
        (handles: Handles)
        (exchange: Exchange)
        (halves: Halves)
        (ctx: Context)
        (parts: Batch[])
        (number: int)
        : Rows =
        let ctx =
            { ctx with
                Seed = Seed.derive "micro-batch" (exchange.FirstPart + int64 number) ctx.Seed
            }

        Effects.seedGenerators handles.Device ctx.Seed
        let made = halves.Rows ctx parts[number]
        MicroBatches.check parts[number] made
        made

    // The gradients of rows, on into what made them.
    let private propagate (made: torch.Tensor[]) (gradients: (torch.Tensor | null)[]) : unit =
        let reached =
            [|
                for output, gradient in Array.zip made gradients do
                    match gradient with
                    | NonNull gradient when output.requires_grad -> struct (output, gradient)
                    | _ -> ()
            |]

        if reached.Length > 0 then
            let outputs = [| for struct (output, _) in reached -> output |]
            let gradients = [| for struct (_, gradient) in reached -> gradient |]
            torch.autograd.backward (outputs, gradients)

    // Rows as the second half sees them: those that something is trained by get gradients. What a network makes may be written
    // into, and what has a gradient but was made by nothing may not.
    let private shown (trains: bool[]) (rows: Rows) : Rows =
        let show (row: torch.Tensor) isTrained =
            if isTrained then
                Effects.receiveGradient row
                row.clone ()
            else
                row

        { rows with
            Tensors = Array.map2 show rows.Tensors trains
        }

    // The second half on the rows of the whole batch, and its gradients.
    let private second (handles: Handles) (exchange: Exchange) (halves: Halves) ctx scale (rows: unit -> Rows voption) =
        use _ = torch.NewDisposeScope()
        let rows = exchange.Gather(rows ())
        Effects.seedGenerators handles.Device ctx.Seed

        // Each process has the same rows.
        let losses =
            TileTeam.Sharing(handles.Processes, (fun () -> halves.Whole ctx rows))
            |> WeightedLosses.weigh ctx.Plan

        WeightedLosses.backward scale losses
        MinerCounts.moveToOuterDisposeScope handles.TupleMiners.Values
        WeightedLosses.values losses

    // Others make all of the rows.
    let private secondAlone
        (handles: Handles)
        (exchange: Exchange)
        (halves: Halves)
        (ctx: Context)
        scale
        : WeightedLosses =
        let losses = second handles exchange halves ctx scale (fun () -> ValueNone)
        exchange.AddRows ignore
        losses

    let private cut
        (handles: Handles)
        (workspace: Workspace)
        (exchange: Exchange)
        (halves: Halves)
        (ctx: Context)
        (scale: LossScale option)
        (batch: Batch)
        (parts: Batch[])
        : WeightedLosses =
        use replay = new Replay(handles, workspace)
        let rowsOf = rowsOf handles exchange halves ctx parts

        // Which tensors are to have gradients shows in a graph. That of a part that is alone is kept for the second pass.
        let struct (made, trains, collected) =
            use _ = torch.NewDisposeScope()
            let made = rowsOf 0
            let trains = made.Tensors |> Array.map _.requires_grad
            let collected = CollectedRows(batch, parts, made)
            collected.Take(0, made)

            if parts.Length = 1 then
                for tensor in made.Tensors do
                    if tensor.requires_grad then
                        tensor.MoveToOuterDisposeScope() |> ignore

            struct (made.Tensors, trains, collected)

        for number in 1 .. parts.Length - 1 do
            use _ = torch.NewDisposeScope()
            use _ = torch.no_grad ()
            collected.Take(number, rowsOf number)

        let rows = collected.Rows

        let losses =
            second handles exchange halves ctx scale (fun () -> ValueSome(shown trains rows))

        let gradients = rows.Tensors |> Array.map _.grad

        exchange.AddRows(fun () ->
            if parts.Length = 1 then
                propagate made gradients
            elif gradients |> Array.exists (isNull >> not) then
                replay.Run(fun () ->
                    for number in 0 .. parts.Length - 1 do
                        use _ = torch.NewDisposeScope()

                        gradients
                        |> Array.map (function
                            | null -> null
                            | gradient -> collected.Within(number, gradient))
                        |> propagate (collected.TensorsOf(rowsOf number))))

        losses

    /// The losses of a batch, weighted; their gradients, times the scale, are added to the parameters'.
    /// `exchange`: None where all rows of the batch are made here.
    let differentiate
        (handles: Handles)
        (workspace: Workspace)
        (exchange: Exchange option)
        (halves: Halves)
        (ctx: Context)
        (scale: LossScale option)
        (batch: Batch)
        : WeightedLosses =
        match exchange, MicroBatches.cut handles.MicroBatchSize batch with
        | None, [| whole |] -> oneGraph handles halves ctx scale whole
        | Some exchange, _ when batch.Labels.size 0 = 0L -> secondAlone handles exchange halves ctx scale
        | exchange, parts ->
            let exchange = Option.defaultValue Exchange.alone exchange
            cut handles workspace exchange halves ctx scale batch parts
