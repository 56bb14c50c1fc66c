namespace MetricLearning.Core

open TorchSharp
open MetricLearning

/// The exchange between processes, each of which makes its rows of the batch.
module internal ProcessExchange =

    // The parts that a process makes of its rows, as `MicroBatches` cuts them.
    let private parts (size: int option) (rows: int64) : int64 =
        match size with
        | Some size -> (rows + int64 size - 1L) / int64 size
        | None -> min 1L rows

    let private inOrder (shares: RowShares) (gathered: torch.Tensor) : torch.Tensor =
        match shares.Places with
        | null -> gathered
        | places -> InOrder.rows places gathered

    let private gather (handles: Handles) (own: Batch) (shares: RowShares) (made: Rows voption) : Rows =
        // Labels that the first half passes on are known of the whole batch.
        let sent =
            match made with
            | ValueNone -> [||]
            | ValueSome made when obj.ReferenceEquals(made.Labels, own.Labels) -> made.Tensors
            | ValueSome made -> Array.append made.Tensors [| made.Labels |]

        let known =
            match made with
            | ValueNone -> -1
            | ValueSome made -> made.Tensors.Length

        let struct (tensors, count) =
            RowGathering.gather handles.Processes handles.Device shares.Rows sent known

        let tensors = Array.map (inOrder shares) tensors

        {
            Tensors = Array.truncate count tensors
            Labels =
                if tensors.Length > count then
                    tensors[count]
                else
                    shares.Labels
        }

    // Every process has the same gradients of the second half: those of the first process count. Those of the first half are each
    // process's own.
    let private addRows (handles: Handles) (workspace: Workspace) (add: unit -> unit) : unit =
        let before = GradientSums.present handles

        if not handles.Processes.IsFirst then
            Effects.clearGradients handles.Groups

        add ()
        SynchronisedLayers.confirm handles

        let present = Array.map2 (||) before (GradientSums.present handles)
        GradientSums.add handles handles.Processes present
        GradientSums.shareBuffers handles handles.Processes workspace.Buffers

    /// None for a process by itself.
    let find (handles: Handles) (workspace: Workspace) (own: Batch) (shares: RowShares) : Exchange option =
        if handles.Processes.Count = 1 then
            None
        else
            let parts = Array.map (parts handles.MicroBatchSize) shares.Rows
            SynchronisedLayers.check handles parts

            Some
                {
                    Gather = gather handles own shares
                    AddRows = addRows handles workspace
                    FirstPart = Array.sum parts[.. handles.Processes.Rank - 1]
                }
