namespace Digits.Protocols

open MetricLearning
open MetricLearning.Core
open Digits

/// One loss on the embeddings.
module MetricLossOnly =

    /// By the name that --loss takes.
    let byLoss: Map<string, Protocol> =
        let withLoss (loss: unit -> #Loss) =
            Protocol.create MetricLossOnly.recipe (fun () -> [ Keys.MetricLoss, loss () ])

        let contrastive () =
            new ContrastiveLoss(posMargin = 0.0, negMargin = 1.0)

        Map
            [
                "TripletMargin",
                { withLoss (fun () -> new TripletMarginLoss(margin = 0.1)) with
                    Miners = [ Keys.TupleMiner, MultiSimilarityMiner(epsilon = 0.1) ]
                }
                "Contrastive", withLoss contrastive
                "ArcFace", withLoss (fun () -> new ArcFaceLoss(10, 32))
                "CrossBatchMemory", withLoss (fun () -> new CrossBatchMemory(contrastive (), 32, memorySize = 512))
            ]
