namespace MetricLearning

open TorchSharp

/// Rows scaled to Euclidean length 1; a row of zeros stays one. The gradient is the slope without its part along the row, by the row's
/// length.
[<Sealed>]
type internal UnitRows() =
    inherit torch.autograd.SingleTensorFunction<UnitRows>()

    // In 16 bits the usual floor of 1e-12 is 0, and a row of zeros would become NaN.
    static let floor (rows: torch.Tensor) =
        Numeric.scalar (max 1e-12 (Numeric.tiny rows.dtype))

    static let lengths (p: double) (rows: torch.Tensor) =
        torch.linalg.norm(rows, p, [| 1L |], true).clamp_min(floor rows)

    /// Rows scaled to length 1 in any p-norm.
    static member InNorm (p: double) (rows: torch.Tensor) : torch.Tensor =
        // A product's gradient passes over memory half as often as that of a quotient.
        rows * (lengths p rows).reciprocal()

    /// The operation.
    static member Of(rows: torch.Tensor) : torch.Tensor = UnitRows.apply rows

    override _.Name = "UnitRows"

    override _.forward(ctx, inputs) =
        let rows = inputs[0] :?> torch.Tensor
        let lengths = lengths 2.0 rows
        let unit = rows / lengths
        GradientByFormula.save ctx [ rows ] [ unit; lengths ]
        unit

    override _.backward(ctx, slope) =
        let plain (inputs: torch.Tensor[]) = UnitRows.InNorm 2.0 inputs[0]

        GradientByFormula.backward ctx slope plain (fun slope saved ->
            let unit, lengths = saved[1], saved[2]

            [|
                lazy
                    (let along = (unit * slope).sum(1L, true)
                     slope.addcmul (unit, along, Numeric.scalar -1.0) / lengths)
            |])
