namespace MetricLearning

open System
open System.Runtime.InteropServices
open TorchSharp

/// d(a,p) − d(a,n) of every triplet, times the share of triplets that are no harder, by a running histogram (Zhang et al. 2019,
/// "Learning local descriptors with a CDF-based dynamic soft margin"). Without labels and tuples, row i of the batch and of
/// the reference set match, and each pair's negative is the nearest of all others in its row or column. Its memory is the
/// buffer `hist` (numBins).
[<Sealed>]
type DynamicSoftMarginLoss
    /// <param name="minVal">Lower end of the histogram, below 0; its upper end is −minVal.</param>
    /// <param name="numBins">Number of bins.</param>
    /// <param name="momentum">Share of the histogram that each batch replaces, 0 to 1.</param>
    (
        [<Optional; DefaultParameterValue(-2.0)>] minVal: float,
        [<Optional; DefaultParameterValue(10)>] numBins: int,
        [<Optional; DefaultParameterValue(0.01)>] momentum: float
    ) as this =
    inherit Loss("DynamicSoftMarginLoss")

    do
        if not (minVal < 0.0) || numBins < 1 || not (momentum >= 0.0 && momentum <= 1.0) then
            invalidArg
                (nameof minVal)
                $"DynamicSoftMarginLoss needs minVal below 0, at least one bin and a momentum from 0 to 1; it was given {minVal}, {numBins} and {momentum}."

        this.Remember("hist", torch.zeros (int64 numBins))

    // The excess distance of each match over the nearest other row or column.
    let ofMatches (matrix: torch.Tensor) : torch.Tensor =
        if matrix.size 0 <> matrix.size 1 then
            invalidArg
                "refEmbeddings"
                $"Without labels every embedding has its match in the same row of the reference embeddings: there are {matrix.size 0} and {matrix.size 1}."

        let self =
            torch.eye (matrix.size 0, dtype = torch.ScalarType.Bool, device = matrix.device)

        let others =
            matrix.masked_fill (self, Numeric.scalar (Numeric.highest matrix.dtype))

        let struct (ofRows, _) = others.min 1L
        let struct (ofColumns, _) = others.min 0L
        matrix.diagonal () - ofRows.minimum ofColumns

    let differences (distance: Distance) (input: MetricInput) : torch.Tensor =
        match input.Labels, input.Tuples with
        | null, Tuples.All when input.Embeddings.size 0 < 2L -> input.Embeddings.flatten().narrow(0L, 0L, 0L)
        | null, Tuples.All -> ofMatches (distance.Matrix(input.Embeddings, input.References))
        | _ ->
            let triplets = TripletDistances.Of(distance, input, Nullable())
            triplets.Listed(triplets.AnchorPositive - triplets.AnchorNegative)

    override this.CheckDistance distance =
        DistanceChecks.euclidean this.Name distance

    override this.ComputeLoss input =
        // Counts in 16 bits would stop growing.
        let values = Numeric.atLeast32 (differences this.Distance input)

        if values.size 0 = 0L then
            [| ElementsOf.Nothing("loss", input.Embeddings) |]
        else
            LossMemory.move values.device this
            let harder = RunningHistogram.update minVal momentum (this.Remembered "hist") values

            [| ElementsOf.Reduced("loss", (harder * values).mean()) |]
