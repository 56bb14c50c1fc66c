namespace MetricLearning

open MetricLearning.Core
open System
open System.Collections.Generic
open TorchSharp

/// Options of the dynamic soft margin loss. Its memory is `hist` (bins).
[<RequireQualifiedAccess>]
type DynamicSoftMargin =
    {
        /// Where the histogram begins; below 0. It goes as far beyond 0.
        MinVal: double
        /// How many bins it has.
        NumBins: int
        /// How much of the histogram each batch replaces.
        Momentum: double
    }

/// d(a,p) − d(a,n) of every triplet, times how rarely triplets are harder than that: the cumulative distribution of a
/// running histogram (Zhang et al. 2019, "Learning local descriptors with a CDF-based dynamic soft margin"). Without labels
/// and tuples, row i of the batch and of the reference set match, and each pair's negative is the nearest of all others in
/// its row or column.
module DynamicSoftMargin =

    /// As documented.
    let defaults: DynamicSoftMargin =
        {
            MinVal = -2.0
            NumBins = 10
            Momentum = 0.01
        }

    /// The buffer's name.
    let buffer = "hist"

    /// Distance and reducer where none is given: Euclidean on normalised embeddings. The distance must be that; the loss is
    /// one value already, whatever the reducer.
    let settings (given: LossSettings) : LossSettings =
        given
        |> LossSettings.orElse (fun () -> LpDistance()) (fun () -> MeanReducer())
        |> LossSettings.checkDistance (DistanceChecks.euclidean "DynamicSoftMarginLoss")

    /// An error unless the options make a histogram.
    let check (options: DynamicSoftMargin) : unit =
        if
            not (options.MinVal < 0.0)
            || options.NumBins < 1
            || not (options.Momentum >= 0.0 && options.Momentum <= 1.0)
        then
            invalidArg
                (nameof options)
                $"DynamicSoftMarginLoss needs minVal below 0, at least one bin and a momentum from 0 to 1; it was given {options.MinVal}, {options.NumBins} and {options.Momentum}."

    /// The histogram as it starts: empty.
    let initial (options: DynamicSoftMargin) : torch.Tensor =
        check options
        torch.zeros (int64 options.NumBins)

    // How much farther the positive is than the nearest other row or column.
    let private ofMatches (distance: Distance) (input: MetricInput) : torch.Tensor =
        let matrix = distance.Matrix(input.Embeddings, input.References)

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

    let private differences (distance: Distance) (input: MetricInput) : torch.Tensor =
        match input.Labels, input.Tuples with
        | null, Tuples.All when input.Embeddings.size 0 < 2L -> input.Embeddings.flatten().narrow(0L, 0L, 0L)
        | null, Tuples.All -> ofMatches distance input
        | _ ->
            let triplets = TripletDistances.Of(distance, input, Nullable())
            triplets.Listed(triplets.AnchorPositive - triplets.AnchorNegative)

    // Every value's bin, and how much of it belongs to the next one. Values beyond the ends belong to the ends.
    let private soft (options: DynamicSoftMargin) (values: torch.Tensor) =
        let width = 2.0 * abs options.MinVal / float options.NumBins
        let last = Numeric.scalar (float (options.NumBins - 1))
        let place = ((values - options.MinVal) / width).clamp(Numeric.scalar 0.0, last)
        let bin = place.detach().nan_to_num(0.0).floor()
        struct (bin.to_type torch.ScalarType.Int64, place - bin)

    /// One value for the batch, which the histogram (bins) is brought up to date with, in place.
    let elements
        (options: DynamicSoftMargin)
        (distance: Distance)
        (histogram: torch.Tensor)
        (input: MetricInput)
        : IReadOnlyList<LossElements> =
        let values = differences distance input

        if values.size 0 = 0L then
            [| ElementsOf.Nothing("loss", input.Embeddings) |]
        else
            // Counts in 16 bits would stop growing.
            let values =
                if Numeric.isHalf values.dtype then
                    values.``float`` ()
                else
                    values

            let before = histogram.detach().``to``(values.dtype, values.device, true)
            let struct (bin, share) = soft options values
            let next = bin.add(1L.ToScalar()).clamp_max((int64 options.NumBins - 1L).ToScalar())

            let counts =
                torch
                    .zeros_like(before)
                    .index_add(0L, bin, 1.0 - share, 1L.ToScalar())
                    .index_add(0L, next, share, 1L.ToScalar())

            let ofBatch = counts / float (values.size 0)
            // The first batch is the whole histogram.
            let momentum =
                torch.where (
                    before.sum().gt(Numeric.scalar 0.0),
                    torch.full_like (before, options.Momentum.ToScalar()),
                    torch.ones_like before
                )

            let updated = (1.0 - momentum) * before + momentum * ofBatch

            do
                use _ = torch.no_grad ()
                histogram.copy_ (updated.detach ()) |> ignore

            let weights = (updated / updated.sum ()).cumsum(0L).index_select(0L, bin)
            [| ElementsOf.Reduced("loss", (weights * values).mean()) |]

    type private DynamicSoftMarginFormula(settings: LossSettings, options: DynamicSoftMargin) as this =
        inherit Loss(settings)
        do this.Remember(buffer, initial options)

        override this.ComputeLoss input =
            elements options this.Distance (this.Remembered buffer) input

    /// The loss, with settings beyond its own options.
    let lossWith (given: LossSettings) (options: DynamicSoftMargin) : Loss =
        new DynamicSoftMarginFormula(settings given, options)

    /// The loss.
    let loss (options: DynamicSoftMargin) : Loss = lossWith LossSettings.defaults options
