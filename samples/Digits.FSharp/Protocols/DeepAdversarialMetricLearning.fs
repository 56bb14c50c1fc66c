namespace Digits.Protocols

open System
open TorchSharp
open MetricLearning
open MetricLearning.Core
open Digits

/// A generator makes negatives that are hard to tell from the anchor; the metric learns from them.
module DeepAdversarialMetricLearning =

    let private losses () : (string * torch.nn.Module) list =
        [
            for key in [ Keys.MetricLoss; Keys.GeneratorAdversarialLoss; Keys.SynthLoss ] do
                key, new TripletMarginLoss(margin = 0.1)
        ]

    let private generator () =
        torch.nn.Sequential(
            torch.nn.Linear(3L * 64L, 64L) :> torch.nn.Module<torch.Tensor, torch.Tensor>,
            torch.nn.ReLU(),
            torch.nn.Linear(64L, 64L)
        )

    let private phases: Adversarial =
        {
            MetricAloneEpochs = 2
            GeneratorAloneEpochs = 2
            TripletsPerAnchor = Nullable 5
        }

    let protocol: Protocol =
        { Protocol.create (DeepAdversarialMetricLearning.recipe phases) losses with
            Heads = fun () -> [ Keys.Generator, generator () ]
            Miners = [ Keys.TupleMiner, MultiSimilarityMiner(epsilon = 0.1) ]
            LossWeights =
                LossWeights(MetricLoss = 1.0, SynthLoss = 0.1, GAdvLoss = 0.1, GHardLoss = 0.1, GRegLoss = 0.1)
        }
