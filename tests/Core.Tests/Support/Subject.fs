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

    let private subject name recipe unvisited needed make : Subject =
        {
            Name = name
            Recipe = recipe
            Options = Casting.options needed make
            Unvisited = unvisited
            Needed = needed
        }

    let metricLossOnly: Subject =
        subject "MetricLossOnly" MetricLossOnly.recipe [] [] Casts.metricLossOnly

    let private withClassifier =
        subject "TrainWithClassifier" TrainWithClassifier.recipe [] [] Casts.withClassifier

    let private cascade =
        subject "CascadedEmbeddings" (CascadedEmbeddings.recipe Casts.sections) [] [] Casts.cascade

    let private twoStreams =
        subject "TwoStreamMetricLoss" TwoStreamMetricLoss.recipe [ Place.SubsetMiner ] [] Casts.pairs

    let private views =
        subject "MultiViewMetricLoss" MultiViewMetricLoss.recipe [ Place.SubsetMiner ] [] Casts.pairs

    let private momentum =
        let unvisited = [ Place.SubsetMiner; Place.Miner ]
        subject "MomentumContrast" (MomentumContrast.recipe 0.7) unvisited [] Casts.momentum

    let private adversarial name metricAlone generatorAlone =
        let recipe =
            DeepAdversarialMetricLearning.recipe
                {
                    MetricAloneEpochs = metricAlone
                    GeneratorAloneEpochs = generatorAlone
                    TripletsPerAnchor = Nullable 3
                }

        let needed = if generatorAlone > 0 then [ Keys.Generator ] else []
        subject $"DeepAdversarialMetricLearning, {name}" recipe [] needed Casts.adversarial

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

    /// Settings with which two views of a sample are apart: at the distance 0 from itself, where distances have no derivative, the
    /// gradient of a sample is what rounding leaves. Samples one by one have noise.
    let apart (subject: Subject) (settings: Settings) : Settings =
        let seesPairs =
            [ twoStreams; views; momentum ]
            |> List.exists (fun other -> other.Name = subject.Name)

        { settings with
            AsSamples = settings.AsSamples || seesPairs
        }

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
