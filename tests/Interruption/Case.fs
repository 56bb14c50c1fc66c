namespace MetricLearning.Interruption

open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support

/// A run that is going to be interrupted: a trainer with settings, and how long it trains.
type Case =
    {
        Name: string
        /// Fresh machines; equal ones in every process.
        Start: unit -> Session
        Epochs: int
        /// So many iterations lie between checkpoints.
        SaveEvery: int
    }

module Case =

    // A loss that remembers, chance in the data, TorchSharp's optimizers with its schedulers, an order of the user's own, …:
    // every trainer has some of them.
    let private settings: Settings list =
        let rich =
            { Settings.rich with
                IterationsPerEpoch = Some 5
            }

        let byIteration =
            { rich with
                Schedule = ScheduleSetting.ByIteration
            }

        [
            { byIteration with
                Loss = 7
                AsSamples = true
                Workers = 2
                Averaging = 1
            }
            { rich with
                TorchOptimizers = true
                TorchSchedulers = true
                Schedule = ScheduleSetting.ByPlateau
                Sampler = SamplerChoice.MPerClass
                IterationsPerEpoch = Some 20
            }
            { byIteration with
                Sampler = SamplerChoice.OwnIndices
                Optimizer = 4
                Averaging = 4
                Subset = true
            }
            { rich with
                AsSamples = true
                Optimizer = 11
                Loss = 3
                Miner = 1
                IterationsPerEpoch = None
            }
            { byIteration with
                Optimizer = 12
                Clip = true
                Sampler = SamplerChoice.OwnBatches
            }
            { rich with
                Optimizer = 10
                Loss = 8
                Miner = 2
            }
            { byIteration with
                Float64 = true
                Optimizer = 13
            }
            { byIteration with
                TorchOptimizers = true
                Optimizer = 3
                Loss = 7
            }
            { byIteration with
                Optimizer = 5
                Loss = 5
                AsSamples = true
                Workers = 1
            }
            { rich with
                Optimizer = 3
                Loss = 7
                Averaging = 2
            }
        ]

    let private iterations = 180

    let private ofSubject (subject: Subject) (settings: Settings) : Case =
        let perEpoch = Option.defaultValue 4 settings.IterationsPerEpoch

        {
            Name = subject.Name
            Start = fun () -> Subject.start subject settings
            Epochs =
                iterations
                / (if subject.Name = Subject.allPhases.Name then
                       2
                   else
                       perEpoch)
            SaveEvery = 3
        }

    /// Every trainer; the one that has phases with each of them and all together.
    let small: Case list = List.map2 ofSubject Subject.all settings

    /// A run whose checkpoints take long to write: its loss remembers a million embeddings.
    let large: Case =
        let subject = Subject.metricLossOnly

        let start () =
            let memory: TorchSharp.torch.nn.Module =
                new CrossBatchMemory(new ContrastiveLoss(), int RunParts.size, memorySize = 1_000_000)

            let made = subject.Options Settings.rich (Trap())

            RunOptions(
                made,
                LossFuncs = LossFuncs(MetricLoss = memory),
                Optimizers =
                    Optimizers(
                        made.Optimizers
                        |> Seq.filter (fun entry -> entry.Key <> "metric_loss_optimizer")
                    )
            )
            |> Setup.prepare subject.Recipe
            |> Session.Start

        {
            Name = "MetricLossOnly, checkpoints of 24 MB"
            Start = start
            Epochs = 10
            SaveEvery = 2
        }

    let find (name: string) : Case =
        large :: small |> List.find (fun case -> case.Name = name)
