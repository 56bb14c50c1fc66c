namespace MetricLearning

open TorchSharp

/// ‖xᵢ − yⱼ‖ of many rows, by one matrix product; `y` may be `x` itself, given once. The gradient of xᵢ is Σⱼ (xᵢ − yⱼ) gᵢⱼ / ‖xᵢ − yⱼ‖, 0
/// where rows are equal.
[<Sealed>]
type internal EuclideanMatrix() =
    inherit torch.autograd.SingleTensorFunction<EuclideanMatrix>()

    static let squares (rows: torch.Tensor) = (rows * rows).sum(1L, true)

    // Σⱼ (xᵢ − yⱼ) hᵢⱼ.
    static let pulls (h: torch.Tensor) (x: torch.Tensor) (y: torch.Tensor) : torch.Tensor =
        (x * h.sum (1L, true)).addmm(h, y, 1.0f, -1.0f)

    /// The operation.
    static member Of(query: torch.Tensor, reference: torch.Tensor) : torch.Tensor =
        if obj.ReferenceEquals(query, reference) then
            EuclideanMatrix.apply query
        else
            EuclideanMatrix.apply (query, reference)

    override _.Name = "EuclideanMatrix"

    override _.forward(ctx, inputs) =
        let rows = inputs |> Array.map (fun input -> input :?> torch.Tensor)
        let query, reference = Array.head rows, Array.last rows
        let ofQuery = squares query
        let ofReference = if rows.Length = 1 then ofQuery else squares reference

        let distances =
            (ofQuery .+. ofReference.t ())
                .addmm_(query, reference.t (), 1.0f, -2.0f)
                .clamp_min_(Numeric.scalar 0.0)
                .sqrt_()

        GradientByFormula.save ctx (List.ofArray rows) [ distances ]
        distances

    override _.backward(ctx, slope) =
        let plain (inputs: torch.Tensor[]) =
            torch.cdist (Array.head inputs, Array.last inputs, 2.0)

        GradientByFormula.backward ctx slope plain (fun slope saved ->
            let distances = Array.last saved

            let forces =
                (slope / distances).masked_fill_(distances.eq (Numeric.scalar 0.0), Numeric.scalar 0.0)

            if saved.Length = 2 then
                [| lazy (pulls (forces .+. forces.t ()) saved[0] saved[0]) |]
            else
                [|
                    lazy (pulls forces saved[0] saved[1])
                    lazy (pulls (forces.t ()) saved[1] saved[0])
                |])
