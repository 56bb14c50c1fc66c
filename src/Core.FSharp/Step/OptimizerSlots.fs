namespace MetricLearning.Core

open MetricLearning

/// The slots of TorchSharp's optimizers, between iterations.
module internal OptimizerSlots =

    // Disposed modules have no slots.
    let private isGone (group: ParameterGroup) =
        group.Parameters |> Array.exists (fun parameter -> parameter.IsInvalid)

    /// Makes the slots of TorchSharp's optimizers views of a state's, so that they can be read and saved.
    let bind (handles: Handles) (learned: Learned) : unit =
        for key, handle in handles.Optimizers do
            match handle with
            | OptimizerHandle.Mirrored optimizer ->
                for group, groupState in Array.zip handles.Groups learned.Groups do
                    if group.Optimizer = Some key && not (isGone group) then
                        TorchOptimizers.bind
                            optimizer
                            group.Index
                            group.Parameters
                            group.Layout
                            groupState.Counts
                            groupState.Slots

                        // From here on the user can write into them.
                        for slot in groupState.Slots do
                            slot.Bound <- nan
            | _ -> ()

    /// Gives the slots of TorchSharp's optimizers memory of their own, as they are.
    let giveBack (handles: Handles) : unit =
        for key, handle in handles.Optimizers do
            match handle with
            | OptimizerHandle.Mirrored optimizer ->
                for group in handles.Groups do
                    if group.Optimizer = Some key && not (isGone group) then
                        TorchOptimizers.giveBack optimizer group.Index group.Parameters
            | _ -> ()
