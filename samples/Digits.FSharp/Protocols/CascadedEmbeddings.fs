namespace Digits.Protocols

open TorchSharp
open MetricLearning
open MetricLearning.Core
open Digits

/// Three sections of 16 numbers, each with a loss of its own; the last sees what the one before found hard.
module CascadedEmbeddings =

    let private losses () : (string * torch.nn.Module) list =
        [
            "metric_loss_0", new ContrastiveLoss(posMargin = 0.0, negMargin = 0.5)
            "metric_loss_1", new MultiSimilarityLoss(alpha = 0.1, beta = 40.0, ``base`` = 0.5)
            "metric_loss_2", new CircleLoss()
        ]

    let protocol: Protocol =
        { Protocol.create (CascadedEmbeddings.recipe [ 16; 16; 16 ]) losses with
            EmbeddingSize = 48L
            Miners =
                [
                    "tuple_miner_1", MultiSimilarityMiner(epsilon = 0.1)
                    "tuple_miner_2", HDCMiner(filterPercentage = 0.25)
                ]
        }
