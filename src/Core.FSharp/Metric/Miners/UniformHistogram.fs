namespace MetricLearning.Core.Miners

open MetricLearning
open System
open TorchSharp
open MetricLearning.Core

/// Options of the uniform histogram miner.
[<RequireQualifiedAccess>]
type UniformHistogram =
    {
        /// How many bins the distances of a kind of pairs are parted into, between the smallest and the largest.
        NumBins: int
        /// Positive pairs drawn from each bin that has any.
        PosPerBin: int
        /// Negative pairs drawn from each bin that has any.
        NegPerBin: int
    }

/// Random pairs whose distances are spread evenly: as many from every bin of a histogram, with replacement.
module UniformHistogram =

    /// As documented.
    let defaults: UniformHistogram =
        {
            NumBins = 100
            PosPerBin = 10
            NegPerBin = 10
        }

    /// The default distance: Euclidean on normalised embeddings.
    let distance () : Distance = LpDistance()

    /// The options, if they make sense.
    let check (options: UniformHistogram) : UniformHistogram =
        if options.NumBins < 1 || options.PosPerBin < 0 || options.NegPerBin < 0 then
            invalidArg
                (nameof options)
                $"There must be at least one bin, and no negative number of pairs from each; there are {options.NumBins}, {options.PosPerBin} and {options.NegPerBin}."

        options

    // Which bin each value (K) is in; the largest value is in the last one.
    let private bins (count: int) (values: torch.Tensor) =
        let values = Numeric.atLeast32 values
        let low, high = values.min (), values.max ()
        let width = (high - low).clamp_min(Numeric.scalar (Numeric.tiny values.dtype))

        ((values - low) / width * double count)
            .to_type(torch.ScalarType.Int64)
            .clamp((0L).ToScalar(), (int64 count - 1L).ToScalar())

    // Places in 0 … K − 1: `perBin` from every bin that has any.
    let private draw (perBin: int) (seed: Seed) (numBins: int) (bins: torch.Tensor) =
        use generator = TorchSeed.generator bins.device seed
        let struct (_, order) = bins.sort (0L, false, true)
        let counts = bins.bincount (null, int64 numBins)
        let starts = counts.cumsum 0L - counts
        let filled = counts.gt (Numeric.scalar 0.0)
        let counts = counts.masked_select(filled).unsqueeze 1L
        let starts = starts.masked_select(filled).unsqueeze 1L

        let chance =
            torch.rand (
                counts.size 0,
                int64 perBin,
                dtype = torch.ScalarType.Float64,
                device = bins.device,
                generator = generator
            )

        let within = (chance * counts).to_type(torch.ScalarType.Int64).minimum(counts - 1L)
        order.index_select (0L, (starts + within).flatten())

    /// The pairs. The choices are a function of the input's seed.
    let mine (options: UniformHistogram) (distance: Distance) (input: MetricInput) : Tuples =
        let matrix = distance.Matrix(input.Embeddings, input.References)

        let chosen (purpose: string) (perBin: int) (mask: torch.Tensor) =
            let struct (anchors, others) = Tuples.places mask

            if anchors.size 0 = 0L then
                struct (anchors, others)
            else
                let bins = bins options.NumBins (matrix.index (anchors, others))
                let places = draw perBin (Seed.derive purpose 0L input.Seed) options.NumBins bins
                struct (anchors.index_select (0L, places), others.index_select (0L, places))

        let struct (a1, p) = chosen "positive" options.PosPerBin (input.Matches())
        let struct (a2, n) = chosen "negative" options.NegPerBin (input.Differs())
        Tuples.Pairs(a1, p, a2, n)

    /// The miner.
    let miner (options: UniformHistogram) : Miner =
        let euclidean = distance ()
        let options = check options

        { new Miner(null, euclidean, Nullable(), [||]) with
            override this.MineTuples input = mine options this.Distance input
        }
