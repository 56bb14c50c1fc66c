/// Losses between several views of every sample.
module MetricLearning.Core.Tests.Trainers.MultiViewTests

open System
open Expecto
open FsCheck
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Contexts
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.MicroRuns
open MetricLearning.Core.Tests.Support.RandomBatches
open MetricLearning.Core.Tests.Support.SmallRuns

let private halves = MultiViewMetricLoss.recipe.Halves

let private lossOf (loss: Loss) (miners: (string * Miner) list) (views: torch.Tensor list) (labels: int64[]) : float =
    let ctx =
        context [ Keys.Trunk, identity () ] [ Keys.MetricLoss, loss ] miners [ Keys.MetricLoss ] 1L

    let (Losses terms) = Halves.losses halves ctx (batch views labels)
    number (terms |> List.map snd |> List.exactlyOne)

// Sim of two rows, as SimCLR's paper has it.
let private cosine (left: float[]) (right: float[]) : float =
    let dot (a: float[]) (b: float[]) = Array.sum (Array.map2 (*) a b)
    dot left right / sqrt (dot left left * dot right right)

/// NT-Xent of 2B rows by the paper: each row's other view against all other rows.
let private simclr (temperature: float) (first: torch.Tensor) (second: torch.Tensor) : float =
    let rows (tensor: torch.Tensor) = Array.chunkBySize 5 (floats tensor)
    let all = Array.append (rows first) (rows second)
    let half = all.Length / 2

    Array.average
        [|
            for row in 0 .. all.Length - 1 do
                let similarity other =
                    exp (cosine all[row] all[other] / temperature)

                let others = [ 0 .. all.Length - 1 ] |> List.filter ((<>) row)
                -log(similarity ((row + half) % all.Length) / List.sumBy similarity others)
        |]

let private options (loss: Loss) : RunOptions =
    let rows = data ()

    let other =
        (rows + (Weights.tensor 3L torch.float32 rows.shape) * 0.1.ToScalar()).DetachFromDisposeScope()

    let trunk = torch.nn.Linear(RunParts.features, 4L)
    let mutable seed = 30L

    for parameter in trunk.parameters () do
        seed <- seed + 1L
        Effects.overwrite parameter (Weights.tensor seed torch.float32 parameter.shape)

    trunk.``to`` torch.float64 |> ignore

    RunOptions(
        optionsOf [ Keys.Trunk, trunk ] [ "trunk_optimizer", PureOptimizer.SGD(1e-4, momentum = 0.9) ] rows,
        LossFuncs = LossFuncs(MetricLoss = loss),
        Dataset = TrainingData.FromTensors([ rows; other ], torch.arange(40L).DetachFromDisposeScope()),
        Dtype = Nullable torch.float64
    )
    |> RunParts.inFloat64

let private mistakesOf (options: RunOptions) : string list =
    try
        (Session.Start(Setup.prepare MultiViewMetricLoss.recipe options)).Dispose()
        []
    with :? SetupException as error ->
        List.ofSeq error.Mistakes

let tests =
    testList
        "several views"
        [
            testPropertyWithConfig few "SimCLR is that of the paper, and that of SelfSupervisedLoss"
            <| fun (number: int) ->
                use _ = torch.NewDisposeScope()
                let first, second = embeddings number 6, embeddings (number + 1) 6
                let found = lossOf (new NTXentLoss(0.3)) [] [ first; second ] [| 0L .. 5L |]
                isNear 1e-9 found (simclr 0.3 first second) "the paper's"

                let bySelf =
                    lossOf (new SelfSupervisedLoss(new NTXentLoss(0.3))) [] [ first; second ] (Array.zeroCreate 6)

                isNear 1e-9 found bySelf "SelfSupervisedLoss, which looks at no labels"

            test "SupCon takes all views of a class together" {
                use _ = torch.NewDisposeScope()
                let views = [ for number in 1..3 -> embeddings number 4 ]
                let labels = [| 0L; 1L; 0L; 2L |]
                use loss = new SupConLoss()

                let expected =
                    loss.Compute(torch.cat (List.toArray views), vector (Array.concat [ labels; labels; labels ]))

                isNear 1e-12 (lossOf (new SupConLoss()) [] views labels) (number expected) "one batch of all views"
            }

            test "VICReg compares each view with each other one" {
                use _ = torch.NewDisposeScope()
                let views = [| for number in 1..3 -> embeddings number 4 |]
                use loss = new VICRegLoss()

                let expected =
                    List.average
                        [
                            for first, second in [ 0, 1; 0, 2; 1, 2 ] do
                                number (loss.Compute(views[first], null, Tuples.All, views[second], null))
                        ]

                let found = lossOf (new VICRegLoss()) [] (List.ofArray views) [| 0L .. 3L |]
                isNear 1e-12 found expected "the mean over pairs of views"
            }

            test "a tuple miner chooses among all views" {
                use _ = torch.NewDisposeScope()
                let seen = ResizeArray<MetricInput>()

                let miner =
                    MadeMiner(fun input ->
                        seen.Add input
                        Tuples.Pairs(vector [ 0 ], vector [ 3 ], vector [ 0 ], vector [ 4 ]))

                let views = [ embeddings 1 3; embeddings 2 3 ]

                lossOf (new ContrastiveLoss()) [ Keys.TupleMiner, miner ] views [| 0L; 1L; 2L |]
                |> ignore

                let input = Seq.exactlyOne seen
                Expect.equal (numbers (nonNull input.Labels)) [| 0L; 1L; 2L; 0L; 1L; 2L |] "labels"
                Expect.equal (floats input.Embeddings) (floats (torch.cat (List.toArray views))) "first views first"
            }

            test "a trunk of two inputs gets as many a view" {
                use _ = torch.NewDisposeScope()

                let trunk =
                    { new torch.nn.Module<torch.Tensor, torch.Tensor, torch.Tensor>("two") with
                        override _.forward(left, right) = left - right
                    }

                let rows =
                    [
                        for number in 1..4 -> (embeddings number 40).``to``(torch.float64).DetachFromDisposeScope()
                    ]

                let scale = parameter (torch.ones (5L, dtype = torch.float64))

                let given =
                    RunOptions(
                        options (new NTXentLoss()),
                        Models = Models.Of [ Keys.Trunk, trunk :> torch.nn.Module; Keys.Embedder, new Scaled(scale) ],
                        Optimizers = Optimizers.Of [ "embedder_optimizer", adam :> AnyOptimizer ],
                        Dataset = TrainingData.FromTensors(rows, torch.arange(40L).DetachFromDisposeScope()),
                        BatchSize = 40,
                        Sampler = AnySampler.Indices(seq { 0L .. 39L })
                    )

                use session = Session.Start(Setup.prepare MultiViewMetricLoss.recipe given)
                step session

                let expected =
                    lossOf (new NTXentLoss()) [] [ rows[0] - rows[1]; rows[2] - rows[3] ] [| 0L .. 39L |]

                isNear 1e-9 session.Progress.Losses[Keys.MetricLoss] expected "the loss"
            }

            for name, make in
                [
                    "NTXent", (fun () -> new NTXentLoss() :> Loss)
                    "VICReg", (fun () -> new VICRegLoss())
                    "SelfSupervised", (fun () -> new SelfSupervisedLoss(new NTXentLoss()))
                ] do
                for size in [ 1; 5 ] do
                    testCase $"{name}: micro-batches of {size} take the step of the whole batch" (fun () ->
                        expectSameRuns
                            4
                            (Setup.prepare MultiViewMetricLoss.recipe (options (make ())))
                            (Setup.prepare MultiViewMetricLoss.recipe (withSize size (options (make ())))))

            test "one view is refused: of tensors at once, of samples in the first batch" {
                let rows = data ()

                let one =
                    RunOptions(options (new NTXentLoss()), Dataset = TrainingData.FromTensors(rows, labels ()))

                Expect.exists (mistakesOf one) _.Contains("takes two views of every sample") "tensors"

                let samples =
                    TrainingData.FromSamples(40L, fun index _ -> rows[index].``to`` torch.float64, index)

                use session =
                    Session.Start(Setup.prepare MultiViewMetricLoss.recipe (RunOptions(one, Dataset = samples)))

                let before = Snapshot.ofSession session

                throws<InvalidOperationException>
                    "Let ToViews or ToLabelledViews of the TrainingData make views"
                    (fun () -> step session)

                Expect.equal (Snapshot.ofSession session) before "the state"
            }

            test "a miner for a loss that takes no tuples is refused" {
                let given =
                    RunOptions(options (new VICRegLoss()), MiningFuncs = MiningFuncs(TupleMiner = BatchHardMiner()))

                Expect.exists (mistakesOf given) _.Contains("Leave out that miner") "VICReg"
            }

            test "views whose labels are numbers of samples are no doubt" {
                use session =
                    Session.Start(Setup.prepare MultiViewMetricLoss.recipe (options (new NTXentLoss())))

                let heard = ResizeArray<string>()
                session.Warned <- Action<string>(heard.Add)
                Drive.train session 2 Drive.quietly
                Expect.isEmpty heard "no pair is missing"
            }
        ]
