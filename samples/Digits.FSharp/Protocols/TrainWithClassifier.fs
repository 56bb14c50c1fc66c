namespace Digits.Protocols

open TorchSharp
open MetricLearning
open MetricLearning.Core
open Digits

/// A loss on the embeddings, and a classifier on top of them that names the digit.
module TrainWithClassifier =

    let private losses () : (string * torch.nn.Module) list =
        [
            Keys.MetricLoss, new TripletMarginLoss(margin = 0.1)
            Keys.ClassifierLoss, torch.nn.CrossEntropyLoss()
        ]

    let protocol: Protocol =
        { Protocol.create TrainWithClassifier.recipe losses with
            Heads = fun () -> [ Keys.Classifier, torch.nn.Linear(32L, 10L) ]
            Miners = [ Keys.TupleMiner, MultiSimilarityMiner(epsilon = 0.1) ]
            LossWeights = LossWeights(MetricLoss = 1.0, ClassifierLoss = 0.5)
        }
