namespace MetricLearning

open TorchSharp

/// Cosines (N × C), of which each sample's own (at `column`, N × 1) gets a margin added to its angle.
[<Sealed>]
type internal OwnClassMargin() =
    inherit torch.autograd.SingleTensorFunction<OwnClassMargin>()

    static let plain (margin: float) (cosines: torch.Tensor) (column: torch.Tensor) : torch.Tensor =
        cosines.scatter (1L, column, AngularMargin.added margin (cosines.gather (1L, column)))

    /// The operation; the margin in radians.
    static member Of(margin: float, column: torch.Tensor, cosines: torch.Tensor) : torch.Tensor =
        OwnClassMargin.apply (cosines, column, margin)

    override _.Name = "OwnClassMargin"

    override _.forward(ctx, inputs) =
        let cosines, column = inputs[0] :?> torch.Tensor, inputs[1] :?> torch.Tensor
        let margin = unbox<float> inputs[2]

        let struct (own, slope) =
            AngularMargin.addedWithSlope margin (cosines.gather (1L, column))

        GradientByFormula.save ctx [ cosines ] [ column; slope ]
        ctx.save_data ("margin", margin)
        cosines.scatter (1L, column, own)

    override _.backward(ctx, slope) =
        let margin = unbox<float>(ctx.get_data "margin")

        let gradients =
            GradientByFormula.backward
                ctx
                slope
                (fun inputs -> plain margin inputs[0] (ctx.get_saved_variables()[1]))
                (fun slope saved ->
                    let column, ofOwn = saved[1], saved[2]
                    [| lazy (slope.scatter (1L, column, slope.gather (1L, column) * ofOwn)) |])

        gradients.AddRange [ GradientByFormula.none; GradientByFormula.none ]
        gradients
