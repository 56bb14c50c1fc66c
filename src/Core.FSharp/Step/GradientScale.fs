namespace MetricLearning.Core

open TorchSharp
open MetricLearning

/// Scaling the loss of an iteration, and its gradients back.
module internal GradientScale =

    /// The scale of the next iteration.
    let next (handles: Handles) (progress: Progress) : LossScale option =
        match handles.Precision with
        | Precision.Float16 -> Some(Option.defaultValue LossScale.start progress.LossScale)
        | _ -> None

    let private factor (scale: LossScale option) : float =
        scale |> Option.map _.Factor |> Option.defaultValue 1.0

    /// The loss whose gradients are computed.
    let apply (scale: LossScale option) (loss: torch.Tensor) : torch.Tensor =
        match factor scale with
        | 1.0 -> loss
        | factor -> loss .* factor

    /// Divides gradients by the scale again. Those of 16 bits might become 0 by that: where no clipper is to see them they are left, to be
    /// multiplied by the factor that is returned once they are in 32.
    let remove (handles: Handles) (scale: LossScale option) : float =
        match factor scale with
        | 1.0 -> 1.0
        | factor when handles.Clippers.IsEmpty ->
            let wide = handles.Groups |> Array.filter (fun group -> not group.IsRounded)
            Effects.scaleGradients wide (1.0 / factor)
            1.0 / factor
        | factor ->
            Effects.scaleGradients handles.Groups (1.0 / factor)
            1.0
