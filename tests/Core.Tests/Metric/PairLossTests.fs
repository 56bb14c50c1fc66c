/// What losses of pairs and batches refuse, and a loss of pairs of one's own.
module MetricLearning.Core.Tests.Metric.PairLossTests

open MetricLearning.Core.Tests.Support
open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.RandomBatches

/// The distance of positives less that of negatives, as long as it costs.
type private Plain(settings: LossSettings) =
    inherit GenericPairLoss(settings)
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

                let settings =
                    { LossSettings.defaults with
                        Reducer = AvgNonZeroReducer()
                    }

                use own = new Plain(settings)
                use contrastive = Contrastive.loss Contrastive.defaults

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
                    { new GenericPairLoss() with
                        override _.ComputePairs(positives, _) =
                            [| positives.Elements("loss", positives.Values) |]
                    }

                Expect.isGreaterThan (number (defaults.Compute(x, y))) 0.0 "with defaults only"
            }

            test "formulas for one distance refuse others" {
                let settings distance =
                    { LossSettings.defaults with
                        Distance = distance
                    }

                let euclidean = settings (LpDistance())
                let cosine = settings (CosineSimilarity())

                let squared = settings (LpDistance(power = 2.0))

                let raw = settings (LpDistance(normalizeEmbeddings = false))

                refuses "TupletMarginLoss needs Cosine" (fun () ->
                    TupletMargin.lossWith euclidean TupletMargin.defaults)

                refuses "PNPLoss needs Cosine" (fun () -> PNP.lossWith euclidean PNP.defaults)
                refuses "InstanceLoss needs Cosine" (fun () -> Instance.lossWith euclidean Instance.defaults)

                refuses "ThresholdConsistentMarginLoss needs Cosine" (fun () ->
                    ThresholdConsistentMargin.lossWith euclidean ThresholdConsistentMargin.defaults)

                refuses "needs SNRDistance" (fun () ->
                    SignalToNoiseRatioContrastive.lossWith euclidean SignalToNoiseRatioContrastive.defaults)

                refuses "AngularLoss needs LpDistance with p = 2" (fun () -> Angular.lossWith cosine Angular.defaults)
                refuses "power = 1, not 2" (fun () -> Angular.lossWith squared Angular.defaults)
                refuses "on normalised embeddings" (fun () -> FastAP.lossWith raw FastAP.defaults)
                use _ = FastAP.lossWith euclidean FastAP.defaults
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
                refuses "at least one bin" (fun () -> FastAP.loss { NumBins = 0 })

                refuses "at least one bin" (fun () ->
                    Histogram.loss
                        { Histogram.defaults with
                            NBins = Nullable 0
                        })

                refuses "delta must be 2 / nBins" (fun () ->
                    Histogram.loss
                        { Histogram.defaults with
                            Delta = Nullable 0.3
                        })

                refuses "delta must be 2 / nBins" (fun () ->
                    Histogram.loss
                        {
                            NBins = Nullable 10
                            Delta = Nullable 0.3
                        })

                refuses "from 0 to 1" (fun () ->
                    RankedList.loss
                        { RankedList.defaults 1.0 1.0 with
                            Imbalance = 1.5
                        })

                refuses "no variant 9" (fun () -> PNP.loss { PNP.defaults with Variant = enum 9 })

                Expect.equal
                    (Histogram.bins
                        { Histogram.defaults with
                            Delta = Nullable 0.05
                        })
                    40
                    "bins of a width"

                Expect.equal (Histogram.bins Histogram.defaults) 100 "bins by default"
            }

            test "FastAP weighs samples by how often tuples take them" {
                use _ = torch.NewDisposeScope()

                use loss =
                    FastAP.lossWith (LossValues.reducedBy (DoNothingReducer())) FastAP.defaults

                let x, y = Known.x (), Known.y ()

                let plain, weighted =
                    floats (loss.Compute(x, y)), floats (loss.Compute(x, y, Known.pairs ()))
                // The last sample has no positive.
                let weights = [| 1.0; 1.0 / 3.0; 0.0; 2.0 / 3.0; 1.0 / 3.0; 1.0 / 3.0; 0.0 |]
                Array.iter2 (fun a b -> isNear 1e-12 a b "value") weighted (Array.map2 (*) plain weights)
            }
        ]
