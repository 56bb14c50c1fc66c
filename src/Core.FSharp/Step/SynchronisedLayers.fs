namespace MetricLearning.Core

open MetricLearning

/// The synchronised layers of a run: all processes must come by each of them, equally often.
module internal SynchronisedLayers =

    let private training (handles: Handles) : SynchronisedLayer list =
        [
            for network in handles.Networks.Values do
                for layer in network.Handle.Modules do
                    match SyncBatchNorm.Find layer with
                    | null -> ()
                    | found ->
                        if layer.training then
                            found
        ]

    /// Raises InvalidOperationException when processes would call them unequally often: they make so many micro-batches each.
    let check (handles: Handles) (parts: int64[]) : unit =
        if Array.exists ((<>) parts[0]) parts && not (training handles).IsEmpty then
            invalidOp
                "Batch norm layers that SyncBatchNorm has converted need as many micro-batches in every process, and at least one. Give a BatchSize that the number of processes divides, and batches that are not smaller than it."

    // A gradient shows that a layer had a part in what was computed.
    let private hasPassedBy (found: SynchronisedLayer) : bool =
        found.Layer.training
        && found.Calls = 0L
        && found.Layer.affine
        && not (isNull (box found.Layer.weight.grad))

    /// Raises InvalidOperationException when one took part in training but was not called in the way that can be synchronised.
    let confirm (handles: Handles) : unit =
        for network in handles.Networks.Values do
            for struct (name, layer) in network.Handle.Module.named_modules () do
                match SyncBatchNorm.Find layer with
                | null -> ()
                | found ->
                    if hasPassedBy found then
                        invalidOp
                            $"The layer \"{name}\" of Models[\"{network.Handle.Key}\"] was converted by SyncBatchNorm, but the network's forward calls its forward, which cannot be synchronised. Let it call `call` instead."
