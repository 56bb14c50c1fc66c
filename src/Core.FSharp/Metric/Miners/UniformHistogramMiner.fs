namespace MetricLearning

open System.Runtime.InteropServices
open TorchSharp

/// Random pairs whose distances are spread evenly: equally many of each kind from every bin of a histogram, with
/// replacement. The choices are a function of the input's seed.
[<Sealed>]
type UniformHistogramMiner
    /// <param name="numBins">Bins between the smallest and the largest distance of a kind of pairs.</param>
    /// <param name="posPerBin">Positive pairs drawn from each bin that has any.</param>
    /// <param name="negPerBin">Negative pairs drawn from each bin that has any.</param>
    (
        [<Optional; DefaultParameterValue(100)>] numBins: int,
        [<Optional; DefaultParameterValue(10)>] posPerBin: int,
        [<Optional; DefaultParameterValue(10)>] negPerBin: int
    ) =
    inherit Miner("UniformHistogramMiner")

    do
        if numBins < 1 || posPerBin < 0 || negPerBin < 0 then
            invalidArg
                (nameof numBins)
                $"There must be at least one bin, and no negative number of pairs from each; there are {numBins}, {posPerBin} and {negPerBin}."

    // The bin of each value (K); the largest value is in the last one.
    let bins (values: torch.Tensor) : torch.Tensor =
        let values = Numeric.atLeast32 values
        let low, high = values.min (), values.max ()
        let width = (high - low).clamp_min(Numeric.scalar (Numeric.tiny values.dtype))

        ((values - low) / width .* double numBins)
            .nan_to_num(0.0)
            .to_type(torch.ScalarType.Int64)
            .clamp(Numeric.whole 0L, Numeric.whole (int64 numBins - 1L))

    // Places in 0 … K − 1: `perBin` from every bin that has any.
    let draw (perBin: int) (seed: Seed) (bins: torch.Tensor) : torch.Tensor =
        use generator = TorchSeed.generator seed
        let struct (_, order) = bins.sort (0L, false, true)
        let counts = bins.bincount (null, int64 numBins)
        let starts = counts.cumsum 0L - counts
        let filled = counts.gt (Numeric.scalar 0.0)
        let counts = counts.masked_select(filled).unsqueeze 1L
        let starts = starts.masked_select(filled).unsqueeze 1L

        let chance =
            torch.rand(counts.size 0, int64 perBin, dtype = torch.ScalarType.Float64, generator = generator).``to``
                bins.device

        let within =
            (chance * counts).to_type(torch.ScalarType.Int64).minimum(counts.plus -1L)

        order.index_select (0L, (starts .+. within).flatten())

    override this.MineTuples input =
        let matrix = this.Distance.Matrix(input.Embeddings, input.References)

        let chosen (purpose: string) (perBin: int) (mask: torch.Tensor) =
            let struct (anchors, others) = Tuples.places mask

            if anchors.size 0 = 0L then
                struct (anchors, others)
            else
                let bins = bins (matrix.index (anchors, others))
                let places = draw perBin (Seed.derive purpose 0L input.Seed) bins
                struct (anchors.index_select (0L, places), others.index_select (0L, places))

        let struct (a1, p) = chosen "positive" posPerBin (input.Matches())
        let struct (a2, n) = chosen "negative" negPerBin (input.Differs())
        Tuples.Pairs(a1, p, a2, n)
