namespace MetricLearning.Core.Tests.Support

open System
open TorchSharp
open MetricLearning
open MetricLearning.Core

/// What is each trainer's own.
module Casts =

    // How many features the trunk makes for embeddings of a size.
    let private middle (settings: Settings) (size: int64) = if settings.Embedder then 5L else size

    let private metricNetworks (settings: Settings) (trap: Trap) (size: int64) =
        let middle = middle settings size

        [
            Keys.Trunk,
            new TrappedNet(RunParts.net settings RunParts.features middle, trap, Place.Forward)
            :> torch.nn.Module<Tensor, Tensor>
            if settings.Embedder then
                Keys.Embedder, new TrappedNet(RunParts.net settings middle size, trap, Place.Embedder)
        ]

    let private tupleMiner (settings: Settings) (trap: Trap) (key: string) =
        [
            match RunParts.minerOf settings with
            | Some miner -> key, new TrappedMiner(miner, trap) :> obj
            | None -> ()
        ]

    let private subsetMiner (settings: Settings) (trap: Trap) =
        [
            if settings.Subset then
                Keys.SubsetBatchMiner,
                Func<_, _, _>(fun embeddings labels ->
                    let chosen = RunParts.subsetMiner.Invoke(embeddings, labels)
                    trap.Visit Place.SubsetMiner
                    chosen)
                :> obj
        ]

    let private dataset (settings: Settings) (trap: Trap) =
        RunParts.dataset settings (fun _ -> trap.Visit Place.Sample)

    let private crossEntropy () =
        torch.nn.CrossEntropyLoss() :> torch.nn.Module

    /// A trunk, an embedder where there is one, a metric loss.
    let metricLossOnly (settings: Settings) (trap: Trap) : Cast =
        {
            Networks = metricNetworks settings trap RunParts.size
            Losses = [ Keys.MetricLoss, RunParts.lossOf settings ]
            Miners = tupleMiner settings trap Keys.TupleMiner @ subsetMiner settings trap
            Dataset = dataset settings trap
        }

    /// The same with a classifier.
    let withClassifier (settings: Settings) (trap: Trap) : Cast =
        let basic = metricLossOnly settings trap

        { basic with
            Networks =
                basic.Networks
                @ [ Keys.Classifier, RunParts.net settings RunParts.size RunParts.classes ]
            Losses = basic.Losses @ [ Keys.ClassifierLoss, crossEntropy () ]
        }

    /// The sizes of the sections of a cascade.
    let sections = [ 4; 2 ]

    /// Two hard-aware miners in a chain where there is a miner; a classifier on the second section.
    let cascade (settings: Settings) (trap: Trap) : Cast =
        let hardest () =
            new TrappedPoolMiner(HDCMiner(), trap) :> obj

        {
            // One number more than the sections have.
            Networks =
                metricNetworks settings trap 7L
                @ [ Keys.numbered Keys.Classifier 1, RunParts.net settings 2L RunParts.classes ]
            Losses =
                [
                    for number, size in List.indexed sections do
                        Keys.numbered Keys.MetricLoss number,
                        RunParts.lossFor
                            { settings with
                                Loss = settings.Loss + number
                            }
                            (int64 size)
                            RunParts.rows
                    Keys.numbered Keys.ClassifierLoss 1, crossEntropy ()
                ]
            Miners =
                [
                    if RunParts.minerOf(settings).IsSome then
                        for number in 0..1 do
                            Keys.numbered Keys.TupleMiner number, hardest ()
                    yield! subsetMiner settings trap
                ]
            Dataset = dataset settings trap
        }

    /// Two streams, or two views of every sample: a loss takes the rows of both.
    let pairs (settings: Settings) (trap: Trap) : Cast =
        { metricLossOnly { settings with Subset = false } trap with
            Losses = [ Keys.MetricLoss, RunParts.lossFor settings RunParts.size (2 * RunParts.rows) ]
            Dataset = RunParts.pairs settings (fun _ -> trap.Visit Place.Sample)
        }

    // A loss that compares with a reference set, or remembers one.
    let private contrasting (settings: Settings) : torch.nn.Module =
        match RunParts.lossOf settings with
        | :? CrossBatchMemory as memory -> memory
        | :? Loss as loss when loss.TakesReferences -> loss
        | _ -> new NTXentLoss()

    /// What follows is made like what it follows, but has traps of its own.
    let momentum (settings: Settings) (trap: Trap) : Cast =
        let followers =
            [
                for key, network in metricNetworks settings (Trap()) RunParts.size -> $"momentum_{key}", network
            ]

        {
            Networks = metricNetworks settings trap RunParts.size @ followers
            Losses = [ Keys.MetricLoss, contrasting settings ]
            Miners = []
            Dataset = RunParts.pairs settings (fun _ -> trap.Visit Place.Sample)
        }

    /// The generator's triplets are a miner's where there is one that makes triplets or pairs, else chance's.
    let adversarial (settings: Settings) (trap: Trap) : Cast =
        let basic = withClassifier settings trap
        let middle = middle settings RunParts.size

        // A memory would have to take three rows for every triplet.
        let ofSynthetic =
            let next = (settings.Loss + 1) % RunParts.losses.Length
            if List.contains next RunParts.remembering then 0 else next

        let adversary = new TripletMarginLoss(Reducer = TrappedReducer trap)

        // A miner may leave a single triplet, of which batch norm has no variance: such a step is refused.
        let ofGenerator =
            { settings with
                BatchNorm = settings.BatchNorm && (RunParts.minerOf settings).IsNone
            }

        { basic with
            Networks =
                basic.Networks
                @ [ Keys.Generator, RunParts.net ofGenerator (3L * middle) middle ]
            Losses =
                basic.Losses
                @ [
                    Keys.SynthLoss, RunParts.lossOf { settings with Loss = ofSynthetic }
                    Keys.GeneratorAdversarialLoss, adversary
                ]
            Miners = basic.Miners @ tupleMiner settings trap Keys.GeneratorTripletMiner
        }
