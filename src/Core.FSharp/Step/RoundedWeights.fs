namespace MetricLearning.Core

open TorchSharp
open type TorchSharp.torch
open MetricLearning
open MetricLearning.Core

/// The weights of a group that a state keeps in float32, as its parameters show them: rounded to their own type.
[<Sealed>]
type internal RoundedWeights(layout: Layout) =
    let mutable rounded: Tensor | null = null

    /// Shows a vector, through these parameters. `isPointed`: they are views of what was shown last.
    member _.Show(parameters: Tensor[], vector: Vector, isPointed: bool) : unit =
        use _ = no_grad ()

        match rounded with
        | null ->
            let made = vector.Tensor.to_type(layout.Dtype).DetachFromDisposeScope()
            rounded <- made
            Effects.point parameters layout made
        | shown ->
            Effects.overwrite shown vector.Tensor

            if not isPointed then
                Effects.point parameters layout shown

    /// Writes into the vector that is shown what was written into parameters since: by a hook, or by loading weights. Other weights keep
    /// the digits that are not shown.
    member _.TakeOver(vector: Vector) : unit =
        match rounded with
        | null -> ()
        | shown ->
            use _ = no_grad ()
            use expected = vector.Tensor.to_type layout.Dtype
            use isSame = expected.eq shown
            use written = shown.to_type vector.Tensor.dtype
            use merged = torch.where (isSame, vector.Tensor, written)
            Effects.overwrite vector.Tensor merged

    /// Frees it; parameters have other memory by now.
    member _.Free() : unit =
        match rounded with
        | null -> ()
        | shown ->
            shown.Dispose()
            rounded <- null
