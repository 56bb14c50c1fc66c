namespace Digits.Protocols

open Digits
open MetricLearning
open MetricLearning.Core

/// One loss on the embeddings.
module MetricLossOnly =

    /// By the name that --loss takes.
    let byLoss: Map<string, Protocol> =
        let withLoss (loss: unit -> #Loss) =
            Protocol.create MetricLossOnly.recipe (fun () -> [ Keys.MetricLoss, loss () ])

        let contrastive () =
            Contrastive.loss { PosMargin = 0.0; NegMargin = 1.0 }

        Map
            [
                "TripletMargin",
                { withLoss (fun () ->
                      TripletMargin.loss
                          { TripletMargin.defaults with
                              Margin = 0.1
                          }) with
                    Miners = [ Keys.TupleMiner, MultiSimilarityMiner(epsilon = 0.1) ]
                }
                "Contrastive", withLoss contrastive
                "ArcFace", withLoss (fun () -> ArcFace.loss (ArcFace.defaults 10 32))
                "CrossBatchMemory",
                withLoss (fun () ->
                    CrossBatch.loss
                        { CrossBatch.defaults 32 with
                            MemorySize = 512
                        }
                        (contrastive ()))
            ]
