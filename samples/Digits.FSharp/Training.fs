namespace Digits

open System.Threading
open MetricLearning.Core
open MetricLearning.Core.Trainers
open TorchSharp

/// How the test pictures were found before and after training, and the `Fingerprint` of the final weights.
type Run =
    {
        Before: RetrievalScores
        After: RetrievalScores
        Weights: string
    }

/// MetricLossOnly by the protocol of ../Digits: with the same loss, epochs and seed the weights are the same, bit for bit.
module Training =

    /// What to train for, by the name that --loss takes: a loss, and the miners that choose what it sees.
    let losses: Map<string, unit -> Loss * (string * MinerChoice) list> =
        Map
            [
                "TripletMargin",
                fun () ->
                    TripletMargin.loss
                        { TripletMargin.defaults with
                            Margin = 0.1
                        },
                    [
                        Keys.TupleMiner, MinerChoice.Tuples(Miners.MultiSimilarity.miner { Epsilon = 0.1 })
                    ]
                "Contrastive", fun () -> Contrastive.loss { PosMargin = 0.0; NegMargin = 1.0 }, []
                "ArcFace", fun () -> ArcFace.loss (ArcFace.defaults 10 32), []
            ]

    /// Measures, trains and measures again.
    let run (loss: string) (epochs: int) (seed: int) (train: DigitSet) (test: DigitSet) : Run =
        torch.manual_seed (int64 seed) |> ignore

        let layers: torch.nn.Module<torch.Tensor, torch.Tensor> list =
            [
                torch.nn.Linear(64L, 128L)
                torch.nn.ReLU()
                torch.nn.Linear(128L, 64L)
                torch.nn.ReLU()
            ]

        use trunk = torch.nn.Sequential layers
        use embedder = torch.nn.Linear(64L, 32L)
        let loss, miners = losses[loss]()

        let networks: (string * torch.nn.Module) list =
            [ Keys.Trunk, trunk; Keys.Embedder, embedder ]

        let losses: (string * torch.nn.Module) list = [ Keys.MetricLoss, loss ]

        let optimizers =
            [
                for key, learner in networks @ losses do
                    if not (Seq.isEmpty (learner.parameters ())) then
                        Keys.optimizerOf key, Optimizer.adam 1e-3
            ]

        let score () =
            use _ = torch.NewDisposeScope()
            use _ = torch.no_grad ()
            Retrieval.score (embedder.call (trunk.call test.Pictures)) test.Labels

        let before = score ()

        use session =
            { Ingredients.create networks losses optimizers 40 (Dataset.ofTensors train.Pictures train.Labels) with
                Miners = miners
                Sampler = Sampling.Sampler(MPerClass(train.Labels.data<int64>().ToArray(), 4, 40, train.Labels.size 0))
                Seed = Some(int64 seed)
            }
            |> Setup.prepare MetricLossOnly.recipe
            |> Session.Start

        for event in session.Train(None, epochs, CancellationToken.None) do
            if event = Event.EpochEnded then
                let means = Progress.epochMeans session.Progress
                printfn "seed %d, epoch %d: loss %.4f" seed session.Progress.Epoch means[Keys.TotalLoss]

        {
            Before = before
            After = score ()
            Weights = Fingerprint.ofModules networks losses
        }
