namespace MetricLearning.Core.Tests.Support

open System
open TorchSharp
open MetricLearning
open MetricLearning.Core

/// What the laws are said of: a trainer, and how to make its options.
type Subject =
    {
        Name: string
        Recipe: Recipe
        /// Fresh modules, optimizers and data: equal ones for equal settings.
        Options: Settings -> Trap -> RunOptions
        /// Places that its runs never come by.
        Unvisited: Place list
        /// Networks without which one of its phases would have nothing to learn.
        Needed: string list
    }

/// The trainers as subjects.
module Subject =

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

    let private subject name recipe unvisited needed make : Subject =
        {
            Name = name
            Recipe = recipe
            Options = Casting.options needed make
            Unvisited = unvisited
            Needed = needed
        }

    let private metricLossOnlyCast (settings: Settings) (trap: Trap) : Cast =
        {
            Networks = metricNetworks settings trap RunParts.size
            Losses = [ Keys.MetricLoss, RunParts.lossOf settings ]
            Miners = tupleMiner settings trap Keys.TupleMiner @ subsetMiner settings trap
            Dataset = dataset settings trap
        }

    let metricLossOnly: Subject =
        subject "MetricLossOnly" MetricLossOnly.recipe [] [] metricLossOnlyCast

    let private withClassifierCast (settings: Settings) (trap: Trap) : Cast =
        let basic = metricLossOnlyCast settings trap

        { basic with
            Networks =
                basic.Networks
                @ [ Keys.Classifier, RunParts.net settings RunParts.size RunParts.classes ]
            Losses = basic.Losses @ [ Keys.ClassifierLoss, crossEntropy () ]
        }

    let private withClassifier =
        subject "TrainWithClassifier" TrainWithClassifier.recipe [] [] withClassifierCast

    let private sections = [ 4; 2 ]

    // Two hard-aware miners in a chain where there is a miner; a classifier on the second section.
    let private cascadeCast (settings: Settings) (trap: Trap) : Cast =
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

    let private cascade =
        subject "CascadedEmbeddings" (CascadedEmbeddings.recipe sections) [] [] cascadeCast

    let private twoStreams =
        subject "TwoStreamMetricLoss" TwoStreamMetricLoss.recipe [ Place.SubsetMiner ] [] (fun settings trap ->
            { metricLossOnlyCast { settings with Subset = false } trap with
                // Of both streams.
                Losses = [ Keys.MetricLoss, RunParts.lossFor settings RunParts.size (2 * RunParts.rows) ]
                Dataset = RunParts.pairs settings (fun _ -> trap.Visit Place.Sample)
            })

    /// Two views of every sample.
    let private views =
        subject "MultiViewMetricLoss" MultiViewMetricLoss.recipe [ Place.SubsetMiner ] [] (fun settings trap ->
            { metricLossOnlyCast { settings with Subset = false } trap with
                // Of both views.
                Losses = [ Keys.MetricLoss, RunParts.lossFor settings RunParts.size (2 * RunParts.rows) ]
                Dataset = RunParts.pairs settings (fun _ -> trap.Visit Place.Sample)
            })

    // A loss that compares with a reference set, or remembers one.
    let private contrasting (settings: Settings) : torch.nn.Module =
        match RunParts.lossOf settings with
        | :? CrossBatchMemory as memory -> memory
        | :? Loss as loss when loss.TakesReferences -> loss
        | _ -> new NTXentLoss()

    /// What follows is made like what it follows, but has traps of its own.
    let private momentum =
        subject
            "MomentumContrast"
            (MomentumContrast.recipe 0.7)
            [ Place.SubsetMiner; Place.Miner ]
            []
            (fun settings trap ->
                let learning = metricNetworks settings trap RunParts.size

                {
                    Networks =
                        learning
                        @ [
                            for (_, network), key in
                                List.zip
                                    (metricNetworks settings (Trap()) RunParts.size)
                                    (List.truncate learning.Length [ Keys.MomentumTrunk; Keys.MomentumEmbedder ]) do
                                key, network
                        ]
                    Losses = [ Keys.MetricLoss, contrasting settings ]
                    Miners = []
                    Dataset = RunParts.pairs settings (fun _ -> trap.Visit Place.Sample)
                })

    // The generator's triplets are a miner's where there is one that makes triplets or pairs, else chance's.
    let private adversarialCast (settings: Settings) (trap: Trap) : Cast =
        let basic = withClassifierCast settings trap
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

    let private adversarial name metricAlone generatorAlone =
        let recipe =
            DeepAdversarialMetricLearning.recipe
                {
                    MetricAloneEpochs = metricAlone
                    GeneratorAloneEpochs = generatorAlone
                    TripletsPerAnchor = Nullable 3
                }

        let needed = if generatorAlone > 0 then [ Keys.Generator ] else []
        subject $"DeepAdversarialMetricLearning, {name}" recipe [] needed adversarialCast

    /// One epoch of each phase, of one or two iterations, then on with the last.
    let allPhases =
        let subject = adversarial "all phases" 1 1

        let short (settings: Settings) =
            { settings with
                IterationsPerEpoch = Some(min 2 (Option.defaultValue 2 settings.IterationsPerEpoch))
            }

        { subject with
            Options = short >> subject.Options
        }

    /// The trainers that the laws are tested on.
    let all: Subject list =
        [
            metricLossOnly
            withClassifier
            cascade
            twoStreams
            allPhases
            adversarial "metric alone" 1000 0
            adversarial "generator alone" 0 1000
            adversarial "together" 0 0
            views
            momentum
        ]

    /// True for the key of a network that follows another.
    let follows (subject: Subject) (key: string) : bool =
        subject.Recipe.Schema.Followers
        |> List.exists (fun follower -> follower.Network = key)

    /// A run over fresh machines.
    let prepare (subject: Subject) (settings: Settings) : Run =
        Setup.prepare subject.Recipe (subject.Options settings (Trap()))

    /// A session over fresh machines.
    let start (subject: Subject) (settings: Settings) : Session = Session.Start(prepare subject settings)

    /// Whether the next iteration steps the optimizer of a network or loss.
    let steps (subject: Subject) (handles: Handles) (progress: Progress) (key: string) : bool =
        let plan = Iteration.decide subject.Recipe handles progress
        List.contains (Keys.optimizerOf key) plan.Stepping
