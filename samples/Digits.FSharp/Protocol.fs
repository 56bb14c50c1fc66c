namespace Digits

open TorchSharp
open MetricLearning
open MetricLearning.Core

/// How one trainer learns the digits. Its functions are called anew for every run, since what they make learns.
type Protocol =
    {
        Recipe: Recipe
        /// How many numbers the embedder makes.
        EmbeddingSize: int64
        /// Networks beside trunk and embedder.
        Heads: unit -> (string * torch.nn.Module) list
        Losses: unit -> (string * torch.nn.Module) list
        Miners: (string * Miner) list
        /// The weight of every loss; null for 1 each.
        LossWeights: LossWeights | null
        /// Samples made of the training pictures.
        Samples: DigitSet -> TrainingData
    }

/// What the protocols have in common.
module Protocol =

    /// No heads, no miners, all losses weighted alike, a picture and its digit as a sample.
    let create (recipe: Recipe) (losses: unit -> (string * torch.nn.Module) list) : Protocol =
        {
            Recipe = recipe
            EmbeddingSize = 32L
            Heads = fun () -> []
            Losses = losses
            Miners = []
            LossWeights = null
            Samples = fun digits -> TrainingData.FromTensors(digits.Pictures, digits.Labels)
        }

    /// Trunk, embedder, then heads, by key. The same seed gives the same weights.
    let networks (device: torch.Device) (seed: int) (protocol: Protocol) =
        torch.manual_seed (int64 seed) |> ignore

        let layers: torch.nn.Module<torch.Tensor, torch.Tensor> list =
            [
                torch.nn.Linear(64L, 128L)
                torch.nn.ReLU()
                torch.nn.Linear(128L, 64L)
                torch.nn.ReLU()
            ]

        let trunk = torch.nn.Sequential layers
        let embedder = torch.nn.Linear(64L, protocol.EmbeddingSize)

        let all: (string * torch.nn.Module) list =
            [ Keys.Trunk, trunk; Keys.Embedder, embedder ] @ protocol.Heads()

        for _, network in all do
            network.``to`` device |> ignore

        struct (trunk, embedder, all)

    /// Everything a run is made of: Adam for each part that learns, batches of 40 with 4 pictures of each digit.
    let options
        (device: torch.Device)
        (seed: int)
        (train: DigitSet)
        (networks: (string * torch.nn.Module) list)
        (protocol: Protocol)
        =
        let losses = protocol.Losses()

        for _, loss in losses do
            loss.``to`` device |> ignore

        let optimizers: (string * AnyOptimizer) list =
            [
                for key, learner in networks @ losses do
                    if not (Seq.isEmpty (learner.parameters ())) then
                        Keys.optimizerOf key, PureOptimizer.Adam(1e-3)
            ]

        RunOptions(
            Models = Models.Of(networks),
            LossFuncs = LossFuncs.Of(losses),
            Optimizers = Optimizers.Of(optimizers),
            BatchSize = 40,
            Dataset = protocol.Samples train,
            DataDevice = device,
            MiningFuncs = MiningFuncs.Of [ for key, miner in protocol.Miners -> key, (miner :> obj) ],
            LossWeights = protocol.LossWeights,
            Sampler = MPerClassSampler(train.Labels.data<int64>().ToArray(), 4, 40, train.Labels.size 0),
            Seed = int64 seed
        )
