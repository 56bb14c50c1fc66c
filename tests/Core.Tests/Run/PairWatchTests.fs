/// A pass without two samples of a class in any batch is said, once, where the loss compares the samples of a batch.
module MetricLearning.Core.Tests.Run.PairWatchTests

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Places

let private classes = 4L

/// Batches of one sample of each class, ten a pass; some have each class twice.
let private batches (pairs: int -> bool) : AnySampler =
    AnySampler.Batches(
        seq {
            for number in 0..9 ->
                [|
                    for place in 0L .. classes - 1L do
                        let index = int64 number * classes + place
                        index

                        if pairs number then
                            (index + classes) % RunParts.samples
                |]
        }
    )

let private options (loss: Loss) (sampler: AnySampler) : RunOptions =
    let made =
        SmallRuns.optionsOf
            [ Keys.Trunk, SmallRuns.linear RunParts.features 5L ]
            [ "trunk_optimizer", SmallRuns.adam ]
            (SmallRuns.data ())

    let labels = [| for index in 0L .. RunParts.samples - 1L -> index % classes |]
    made.Dataset <- TrainingData.FromTensors(SmallRuns.data (), (labels: int64[]))
    made.LossFuncs.MetricLoss <- loss
    made.Sampler <- sampler
    made

let private watched (session: Session) : ResizeArray<struct (int64 * string)> =
    let heard = ResizeArray()
    session.Warned <- Action<string>(fun warning -> heard.Add(struct (session.Progress.Steps, warning)))
    heard

/// What is heard in so many iterations, by the number of iterations done.
let private heard (recipe: Recipe) (iterations: int) (options: RunOptions) : (int64 * string) list =
    use session = Session.Start(Setup.prepare recipe options)
    let heard = watched session

    for _ in 1..iterations do
        SmallRuns.step session

    [ for struct (steps, text) in heard -> steps, text ]

let private never (_: int) = false

/// Losses that learn from a batch in which all labels differ: with classes or a memory of their own, or made for such batches.
let private learnsAnyway =
    set
        [
            "ArcFaceLoss"
            "CosFaceLoss"
            "CrossBatchMemory"
            "InstanceLoss"
            "LargeMarginSoftmaxLoss"
            "NormalizedSoftmaxLoss"
            "P2SGradLoss"
            "ProxyAnchorLoss"
            "ProxyNCALoss"
            "SoftTripleLoss"
            "SphereFaceLoss"
            "SubCenterArcFaceLoss"
        ]

let private triplets () = new TripletMarginLoss()

// Triplets of samples, all of other classes.
let private ofMiner (miner: Miner) =
    let threes =
        AnySampler.Batches(seq { for first in 0L..3L..27L -> [| first .. first + 2L |] })

    let made = options (triplets ()) threes
    made.MiningFuncs.TupleMiner <- miner
    heard MetricLossOnly.recipe 10 made

let tests =
    testList
        "batches without a pair"
        [
            for name, make in EveryPart.losses do
                let takesLabels =
                    use loss = make ()
                    loss.TakesLabels

                // The others are refused when the trainer is made.
                if takesLabels then
                    testCase name (fun () ->
                        let told = heard MetricLossOnly.recipe 21 (options (make ()) (batches never))

                        if learnsAnyway.Contains name then
                            Expect.isEmpty told "it learns"
                        else
                            let wanted = $"LossFuncs[\"metric_loss\"] ({name})"
                            Expect.equal (List.map fst told) [ 10L ] "once, after the first pass"
                            Expect.stringContains (snd told.Head) wanted "which")

            for batch in [ 0; 4; 9 ] do
                testCase $"a pair in batch {batch}" (fun () ->
                    options (triplets ()) (batches ((=) batch))
                    |> heard MetricLossOnly.recipe 21
                    |> Flip.Expect.isEmpty "there is something to compare")

            testCase "what it advises helps" (fun () ->
                let made = options (triplets ()) (batches never)
                let labels = [| for index in 0L .. RunParts.samples - 1L -> index % classes |]
                made.BatchSize <- 8
                made.Sampler <- MPerClassSampler(labels, 2, Nullable 8, 40L)
                Expect.isEmpty (heard MetricLossOnly.recipe 11 made) "there is something to compare")

            testCase "a sampler with one of a class" (fun () ->
                let made = options (triplets ()) (batches never)
                let labels = [| for index in 0L .. RunParts.samples - 1L -> index % classes |]
                made.BatchSize <- 4
                made.Sampler <- MPerClassSampler(labels, 1, Nullable 4, 40L)
                Expect.equal (List.map fst (heard MetricLossOnly.recipe 21 made)) [ 10L ] "after the first pass")

            testCase "with and without workers alike" (fun () ->
                let ofWorkers workers =
                    let made = options (triplets ()) (batches never)
                    let rows = SmallRuns.data ()
                    made.DataloaderNumWorkers <- workers

                    made.Dataset <-
                        TrainingData.FromSamples(
                            RunParts.samples,
                            Func<int64, Seed, struct (Tensor * int64)>(fun index _ ->
                                struct (rows[index], index % classes))
                        )

                    heard MetricLossOnly.recipe 15 made

                Expect.hasLength (ofWorkers 0) 1 "once"
                Expect.equal (ofWorkers 3) (ofWorkers 0) "alike")

            testCase "a run that goes on in the middle of a pass waits for a whole one" (fun () ->
                withPath (fun path ->
                    do
                        use session = SmallRuns.session (options (triplets ()) (batches ((=) 1)))

                        for _ in 1..4 do
                            SmallRuns.step session

                        session.SaveCheckpoint path

                    let goesOn pairs =
                        use session = SmallRuns.session (options (triplets ()) (batches pairs))
                        let heard = watched session
                        session.ResumeFrom path

                        for _ in 5..30 do
                            SmallRuns.step session

                        [ for struct (steps, _) in heard -> steps ]

                    Expect.equal (goesOn never) [ 20L ] "after the first whole pass"
                    Expect.equal (goesOn ((=) 1)) [] "it had a pair"))

            testCase "a sequence without end" (fun () ->
                let endless =
                    AnySampler.Batches(
                        Seq.initInfinite (fun number ->
                            [|
                                for place in 0L .. classes - 1L -> (int64 number * classes + place) % RunParts.samples
                            |])
                    )

                Expect.equal
                    (List.map fst (heard MetricLossOnly.recipe 1001 (options (triplets ()) endless)))
                    [ 1000L ]
                    "after a thousand batches")

            testCase "miners that go by places" (fun () ->
                Expect.isNonEmpty (ofMiner (MultiSimilarityMiner())) "by labels"
                Expect.isEmpty (ofMiner (EmbeddingsAlreadyPackagedAsTriplets())) "by places"

                ofMiner
                    { new Miner("Mine") with
                        override _.MineTuples _ = Tuples.All
                    }
                |> Flip.Expect.isEmpty "of the user's")
        ]
