namespace MetricLearning.ProcessTests

open System
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support

/// A run that one process trains by itself and several train together.
type Case =
    {
        Name: string
        Recipe: Recipe
        /// Equal options in every process and call.
        Options: unit -> RunOptions
    }

/// Runs of every trainer and phase, with one loss of each kind, and what else could be cut wrongly.
module Cases =

    // Without what sees the rows of one process only: batch norm and dropout.
    let private plain: Settings =
        { Settings.rich with
            Float64 = true
            BatchNorm = false
            Dropout = false
        }

    let private pick (items: 'Item list) (number: int) : 'Item = items[number % items.Length]

    // Every choice comes with every trainer, if not with every other choice.
    let private varied (number: int) : Settings =
        { plain with
            Seed = int64 number
            Loss = number
            Miner = number / 2
            Optimizer = number
            TorchOptimizers = number % 3 = 1
            TorchSchedulers = number % 3 = 1
            Subset = number % 4 = 2
            Sampler =
                pick
                    [
                        SamplerChoice.Shuffled
                        SamplerChoice.OwnBatches
                        SamplerChoice.MPerClass
                        SamplerChoice.OwnIndices
                    ]
                    number
            Schedule =
                pick
                    [
                        ScheduleSetting.Constant
                        ScheduleSetting.All
                        ScheduleSetting.ByIteration
                        ScheduleSetting.ByPlateau
                    ]
                    number
            Freeze = number % 5
            Clip = number % 2 = 1
            AsSamples = number % 3 = 2
            Workers = number % 3
            Embedder = number % 4 <> 3
            Averaging = number % 5
        }

    let private ofSubject (subject: Subject) (number: int) : Case =
        let settings = Subject.apart subject (varied number)

        {
            Name = $"{subject.Name} {number} ({fst RunParts.losses[number % RunParts.losses.Length]})"
            Recipe = subject.Recipe
            Options = fun () -> subject.Options settings (Trap())
        }

    let private withOptions (name: string) (settings: Settings) (change: RunOptions -> RunOptions) : Case =
        {
            Name = name
            Recipe = Subject.metricLossOnly.Recipe
            Options = fun () -> change (Subject.metricLossOnly.Options settings (Trap()))
        }

    // Two samples of one class, or one alone: fewer than there are processes.
    let private small =
        AnySampler.Batches(
            seq {
                [| 0L; 5L |]
                [| 3L |]
                [| 1L; 6L; 2L |]
                [| 0L .. 4L |]
            }
        )

    let private special: Case list =
        [
            withOptions "batches smaller than the number of processes" { plain with Loss = 5 } (fun options ->
                RunOptions(options, Sampler = small))
            withOptions "small batches, with proxies" { plain with Loss = 3 } (fun options ->
                RunOptions(options, Sampler = small))
            withOptions "micro-batches" { plain with Loss = 4; Miner = 1 } (fun options ->
                RunOptions(options, MicroBatchSize = Nullable 2))
            withOptions "micro-batches of a subset" { plain with Loss = 7; Subset = true } (fun options ->
                RunOptions(options, MicroBatchSize = Nullable 4))
            for number, subject in List.indexed Subject.all do
                { ofSubject (MinedRuns.ofSubject subject) number with
                    Name = $"{subject.Name}, hard negatives"
                }
            withOptions "hard negatives in micro-batches" { plain with Loss = 4 } (fun options ->
                RunOptions(MinedRuns.withSampler plain options, MicroBatchSize = Nullable 2))
            withOptions "several classes a sample, with a memory" { plain with Loss = 0; Miner = 0 } (fun options ->
                let any = LabelComparison.AnyInCommon

                // A class and, of some samples, another one.
                let classesOf (index: int64) (label: int64) =
                    [|
                        for number in 0L .. int64 RunParts.classes - 1L ->
                            if number = label || number = index % 7L then 1L else 0L
                    |]

                let rows =
                    RunParts.labels |> Array.mapi (fun index label -> classesOf (int64 index) label)

                let memory =
                    new CrossBatchMemory(
                        new ContrastiveLoss(LabelComparison = any),
                        int RunParts.size,
                        memorySize = RunParts.rows,
                        miner = MultiSimilarityMiner(LabelComparison = any),
                        labelColumns = Nullable RunParts.classes
                    )

                memory.``to`` torch.float64 |> ignore

                RunOptions(
                    options,
                    LossFuncs = LossFuncs(MetricLoss = memory),
                    Dataset = TrainingData.FromTensors(RunParts.data plain, rows)
                ))
            withOptions "samples one by one" { plain with Loss = 6; Workers = 2 } (fun options ->
                let rows = RunParts.data plain

                RunOptions(
                    options,
                    Dataset =
                        TrainingData.FromSamples(
                            RunParts.samples,
                            fun index seed ->
                                let noise = float (Seed.below 1000L 0L seed) / 10000.0
                                (rows[index] + noise), RunParts.labels[int index]
                        )
                ))
        ]

    // Losses that take no labels, but one view against another.
    let private ofViews: Case list =
        [
            for name, make in
                [
                    "VICReg", (fun () -> new VICRegLoss(1.0, 1.0, 0.04) :> torch.nn.Module)
                    "SelfSupervised", (fun () -> new SelfSupervisedLoss(new NTXentLoss()))
                ] do
                let subject =
                    Subject.all |> List.find (fun subject -> subject.Name = "MultiViewMetricLoss")

                {
                    Name = $"MultiViewMetricLoss ({name})"
                    Recipe = subject.Recipe
                    Options =
                        fun () ->
                            // Adam divides gradients that are small because of rounding by hardly more.
                            let settings =
                                { plain with
                                    AsSamples = true
                                    Loss = 0
                                    Optimizer = 0
                                }

                            RunOptions(subject.Options settings (Trap()), LossFuncs = LossFuncs(MetricLoss = make ()))
                }
        ]

    // Every kind of loss, an anchor or so at a time: each process has some of the tiles.
    let private inTiles: Case list =
        [
            for number, (name, _) in Array.indexed RunParts.losses do
                withOptions
                    $"tiles, {name}"
                    { plain with
                        Loss = number
                        Miner = number
                    }
                    (RunParts.inFloat64 >> RunParts.limited 1000L)
        ]

    /// All of them.
    let all: Case list =
        [
            for place, subject in List.indexed Subject.all do
                for round in 0..3 do
                    ofSubject subject (place + 3 * round)
            yield! special
            yield! ofViews
            yield! inTiles
        ]

    /// Runs in which batch norm and dropout see the rows of one process, as they would those of a micro-batch.
    let ofShares: Case list =
        [
            for loss in [ 0; 2; 6 ] do
                withOptions
                    $"batch norm and dropout, {fst RunParts.losses[loss]}"
                    { Settings.rich with
                        Float64 = true
                        Loss = loss
                    }
                    id
        ]

    /// A session of a case; null for a process by itself.
    let start (processes: Processes | null) (case: Case) : Session =
        RunOptions(case.Options(), Processes = processes)
        |> Setup.prepare case.Recipe
        |> Session.Start
