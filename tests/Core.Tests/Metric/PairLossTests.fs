/// What losses of pairs and batches refuse, and a loss of pairs of one's own.
module MetricLearning.Core.Tests.Metric.PairLossTests

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.RandomBatches

/// The distance of positives less that of negatives, as long as it costs.
type private Plain() =
    inherit GenericPairLoss("Plain")
    override _.Parts = [| "pos_loss"; "neg_loss" |]

    override this.ComputePairs(positives, negatives) =
        [|
            positives.Elements("pos_loss", this.Distance.Margin(positives.Values, 0.0).relu())
            negatives.Elements("neg_loss", this.Distance.Margin(1.0, negatives.Values).relu())
        |]

let private refuses<'T> (message: string) (act: unit -> 'T) =
    throws<ArgumentException> message (act >> ignore)

let tests =
    testList
        "losses of pairs and batches"
        [
            test "a loss of pairs of one's own takes whatever pairs are asked for" {
                use _ = torch.NewDisposeScope()
                let x, y = Known.x (), Known.y ()

                use own = new Plain(Reducer = AvgNonZeroReducer())
                use contrastive = new ContrastiveLoss()

                for tuples in
                    [
                        Tuples.All
                        Known.pairs ()
                        Tuples.Triplets(vector [ 0 ], vector [ 2 ], vector [ 6 ])
                    ] do
                    isNear
                        1e-12
                        (number (own.Compute(x, y, tuples)))
                        (number (contrastive.Compute(x, y, tuples)))
                        "as the contrastive loss"

                isNear
                    1e-12
                    (number (own.Compute(x, y, Tuples.All, Known.r (), Known.ry ())))
                    (number (contrastive.Compute(x, y, Tuples.All, Known.r (), Known.ry ())))
                    "references"

                use defaults =
                    { new GenericPairLoss("Distances") with
                        override _.ComputePairs(positives, _) =
                            [| positives.Elements("loss", positives.Values) |]
                    }

                Expect.isGreaterThan (number (defaults.Compute(x, y))) 0.0 "with defaults only"
            }

            test "formulas for one distance refuse others" {
                let euclidean = LpDistance()
                let cosine = CosineSimilarity()

                let squared = LpDistance(power = 2.0)

                let raw = LpDistance(normalizeEmbeddings = false)

                refuses "TupletMarginLoss needs Cosine" (fun () -> new TupletMarginLoss(Distance = euclidean))

                refuses "PNPLoss needs Cosine" (fun () -> new PNPLoss(Distance = euclidean))
                refuses "InstanceLoss needs Cosine" (fun () -> new InstanceLoss(Distance = euclidean))

                refuses "ThresholdConsistentMarginLoss needs Cosine" (fun () ->
                    new ThresholdConsistentMarginLoss(Distance = euclidean))

                refuses "needs SNRDistance" (fun () -> new SignalToNoiseRatioContrastiveLoss(Distance = euclidean))

                refuses "AngularLoss needs LpDistance with p = 2" (fun () -> new AngularLoss(Distance = cosine))
                refuses "power = 1, not 2" (fun () -> new AngularLoss(Distance = squared))
                refuses "on normalised embeddings" (fun () -> new FastAPLoss(Distance = raw))
                use _ = new FastAPLoss(Distance = euclidean)
                ()
            }

            test "losses that look at the whole batch say what they cannot take" {
                use _ = torch.NewDisposeScope()
                let x, y = Known.x (), Known.y ()

                for name, make, takes in batchwise do
                    using make (fun loss ->
                        if not takes.Tuples then
                            refuses "takes no tuples" (fun () -> loss.Compute(x, y, Known.pairs ()))

                        if not takes.References then
                            refuses "no reference embeddings" (fun () ->
                                loss.Compute(x, y, Tuples.All, Known.r (), Known.ry ()))

                        if name <> "Histogram" then
                            refuses "needs labels" (fun () ->
                                loss.Compute(x, null, (if takes.Tuples then Known.pairs () else Tuples.All))))
            }

            test "options that make no sense are errors" {
                refuses "at least one bin" (fun () -> new FastAPLoss(numBins = 0))

                refuses "at least one bin" (fun () -> new HistogramLoss(nBins = 0))

                refuses "delta must be 2 / nBins" (fun () -> new HistogramLoss(delta = 0.3))

                refuses "delta must be 2 / nBins" (fun () -> new HistogramLoss(nBins = 10, delta = 0.3))

                refuses "from 0 to 1" (fun () -> new RankedListLoss(1.0, 1.0, imbalance = 1.5))

                refuses "no variant 9" (fun () -> new PNPLoss(variant = enum 9))

                Expect.equal (new HistogramLoss(delta = 0.05)).Bins 40 "bins of a width"

                Expect.equal (new HistogramLoss()).Bins 100 "bins by default"
            }

            test "FastAP weighs samples by how often tuples take them" {
                use _ = torch.NewDisposeScope()

                use loss = new FastAPLoss(Reducer = DoNothingReducer())

                let x, y = Known.x (), Known.y ()

                let plain, weighted =
                    floats (loss.Compute(x, y)), floats (loss.Compute(x, y, Known.pairs ()))
                // The last sample has no positive.
                let weights = [| 1.0; 1.0 / 3.0; 0.0; 2.0 / 3.0; 1.0 / 3.0; 1.0 / 3.0; 0.0 |]
                Array.iter2 (fun a b -> isNear 1e-12 a b "value") weighted (Array.map2 (*) plain weights)
            }
        ]
