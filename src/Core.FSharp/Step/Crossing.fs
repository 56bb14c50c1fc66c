namespace MetricLearning.Core

open TorchSharp
open MetricLearning
open MetricLearning.Core

/// From a batch to its losses, with their gradients in the parameters: both halves of a recipe as one graph, or cut between
/// them (Gao et al. 2021, "Scaling Deep Contrastive Learning Batch Size under Memory Limited Setup"). Cut, the first half
/// takes one micro-batch at a time: first without a graph, to make the rows that the second half sees; then, when the second
/// half has given the gradient of every row, with a graph, through which that gradient goes on.
module internal Crossing =

    let private oneGraph (handles: Handles) (halves: Halves) (ctx: Context) (batch: Batch) : WeightedLosses =
        Effects.seedGenerators handles.Device ctx.Seed
        let losses = batch |> Halves.losses halves ctx |> WeightedLosses.weigh ctx.Plan
        WeightedLosses.backward losses
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
    let private propagate (made: torch.Tensor[]) (rows: torch.Tensor[]) : unit =
        let reached =
            [|
                for output, row in Array.zip made rows do
                    match row.grad with
                    | null -> ()
                    | gradient ->
                        if output.requires_grad then
                            struct (output, gradient)
            |]

        if reached.Length > 0 then
            let outputs = [| for struct (output, _) in reached -> output |]
            let gradients = [| for struct (_, gradient) in reached -> gradient |]
            torch.autograd.backward (outputs, gradients)

    let private outside (part: Batch) (tensor: torch.Tensor) : torch.Tensor =
        if MicroBatches.isAsRead part tensor then
            tensor
        else
            tensor.MoveToOuterDisposeScope()

    // The rows of a part, cut off from what made them; those that are trained on get gradients.
    let private cutOff (part: Batch) (trains: bool[]) (made: Rows) : Rows =
        let free (tensor: torch.Tensor) =
            if MicroBatches.isAsRead part tensor then
                tensor
            else
                tensor.detach().MoveToOuterDisposeScope()

        let rows =
            {
                Tensors = Array.map free made.Tensors
                Labels = free made.Labels
            }

        Array.iter2
            (fun (row: torch.Tensor) isTrained ->
                if isTrained then
                    Effects.receiveGradient row)
            rows.Tensors
            trains

        rows

    // The second half on the rows of the whole batch, and its gradients.
    let private second (handles: Handles) (exchange: Exchange) (halves: Halves) ctx (rows: unit -> Rows voption) =
        use _ = torch.NewDisposeScope()
        let rows = exchange.Gather(rows ())
        Effects.seedGenerators handles.Device ctx.Seed
        let losses = rows |> halves.Whole ctx |> WeightedLosses.weigh ctx.Plan
        WeightedLosses.backward losses
        WeightedLosses.values losses

    // Others make all of the rows.
    let private secondAlone (handles: Handles) (exchange: Exchange) (halves: Halves) (ctx: Context) : WeightedLosses =
        let losses = second handles exchange halves ctx (fun () -> ValueNone)
        exchange.AddRows ignore
        losses

    let private cut
        (handles: Handles)
        (workspace: Workspace)
        (exchange: Exchange)
        (halves: Halves)
        (ctx: Context)
        (batch: Batch)
        (parts: Batch[])
        : WeightedLosses =
        use replay = new Replay(handles, workspace)
        let rowsOf = rowsOf handles exchange halves ctx parts

        // Which tensors are to have gradients shows in a graph. That of a part that is alone is kept for the second pass.
        let struct (made, trains, first) =
            use _ = torch.NewDisposeScope()
            let made = rowsOf 0
            let trains = made.Tensors |> Array.map _.requires_grad

            let kept =
                if parts.Length = 1 then
                    made.Tensors |> Array.map (outside parts[0])
                else
                    [||]

            struct (kept, trains, cutOff parts[0] trains made)

        let rowsOf number =
            let made = rowsOf number
            MicroBatches.checkAlike trains.Length made
            made

        let rows =
            [|
                first
                for number in 1 .. parts.Length - 1 do
                    use _ = torch.NewDisposeScope()
                    use _ = torch.no_grad ()
                    cutOff parts[number] trains (rowsOf number)
            |]

        let losses =
            second handles exchange halves ctx (fun () -> ValueSome(MicroBatches.join batch parts rows))

        exchange.AddRows(fun () ->
            if parts.Length = 1 then
                propagate made first.Tensors
            elif
                rows
                |> Array.exists (fun part -> part.Tensors |> Array.exists (fun row -> not (isNull (box row.grad))))
            then
                replay.Run(fun () ->
                    for number in 0 .. parts.Length - 1 do
                        use _ = torch.NewDisposeScope()
                        propagate (rowsOf number).Tensors rows[number].Tensors))

        losses

    /// The losses of a batch, weighted; their gradients are added to the parameters'.
    /// `exchange`: None where all rows of the batch are made here.
    let differentiate
        (handles: Handles)
        (workspace: Workspace)
        (exchange: Exchange option)
        (halves: Halves)
        (ctx: Context)
        (batch: Batch)
        : WeightedLosses =
        match exchange, MicroBatches.cut handles.MicroBatchSize batch with
        | None, [| whole |] -> oneGraph handles halves ctx whole
        | Some exchange, _ when batch.Labels.size 0 = 0L -> secondAlone handles exchange halves ctx
        | exchange, parts ->
            let exchange = Option.defaultValue Exchange.alone exchange
            cut handles workspace exchange halves ctx batch parts
