/// What a message advises is possible where it appears, and helps.
module MetricLearning.Core.Tests.Evaluation.AdviceTests

open System
open System.Collections.Generic
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.TesterCases

let private words = Array.map (fun label -> $"class {label}") fine

let private rows () = Neighbourhoods.random 1 24 6

let private wordSamples () =
    let rows = rows ()
    TrainingData.FromSamples(24L, (fun index _ -> [| rows[index] :> obj; words[int index] |]))

let private test' (options: TestOptions) (data: TrainingData) (splits: SplitToEval[] | null) =
    Tester(EmbeddingSpace.Global, options).Test(datasets [ "val", data ], 1, identity, null, splits)
    |> ignore

let private compared (comparison: Tensor -> Tensor -> Tensor) =
    let calculator =
        AccuracyCalculator(exclude = [| "NMI"; "AMI" |], labelComparisonFn = Func<_, _, _> comparison)

    let options = options AnyLevel.All
    TestOptions(AccuracyCalculator = calculator, LabelHierarchyLevel = options.LabelHierarchyLevel)

let private unitLabels = torch.tensor(fine).DetachFromDisposeScope()

let private dictionaries () =
    let rows = rows ()

    TrainingData.FromSamples(
        24L,
        fun index _ ->
            let sample = Dictionary<string, obj>()
            sample["picture"] <- rows[index]
            sample["kind"] <- fine[int index]
            sample
    )

let private pictureAndKind =
    Func<obj, struct (obj * obj)>(fun batch ->
        let batch = batch :?> Collections.IDictionary
        struct (nonNull batch["picture"], nonNull batch["kind"]))

// A mistake, words of the message, and what the message advises.
let private cases: (string * string * (unit -> unit) * (unit -> unit)) list =
    [
        "a comparison of several levels in a tester",
        "one level at a time",
        (fun () -> test' (compared (fun x y -> (x.eq y).all -1L)) (dataset 1 levels) null),
        (fun () -> test' (compared (fun x y -> x.eq y)) (dataset 1 levels) null)

        "a comparison that libtorch refuses",
        "one level at a time",
        (fun () -> test' (compared (fun x y -> x.select(-1L, 5L).eq(y.select (-1L, 5L)))) (dataset 1 levels) null),
        (fun () -> test' (compared (fun x y -> x.eq y)) (dataset 1 levels) null)

        "several levels without a comparison",
        "give the calculator a labelComparisonFn",
        (fun () -> calculator.GetAccuracy(rows (), torch.tensor levels) |> ignore),
        (fun () ->
            let comparison = Func<Tensor, Tensor, Tensor>(fun x y -> (x.eq y).all -1L)

            AccuracyCalculator(exclude = [| "NMI"; "AMI" |], labelComparisonFn = comparison)
                .GetAccuracy(rows (), torch.tensor levels)
            |> ignore

            calculator.GetAccuracy(rows (), torch.tensor fine) |> ignore)

        "clusters with a comparison",
        "exclude them",
        (fun () ->
            AccuracyCalculator(labelComparisonFn = Func<_, _, _>(fun x y -> x.eq y))
            |> ignore),
        (fun () ->
            AccuracyCalculator(exclude = [| "NMI"; "AMI" |], labelComparisonFn = Func<_, _, _>(fun x y -> x.eq y))
            |> ignore)

        "ranks without labels",
        "leave SetMinLabelToZero out",
        (fun () -> test' (TestOptions(SetMinLabelToZero = true)) (dataset 1 fine) null),
        (fun () ->
            test' (TestOptions(SetMinLabelToZero = true, DatasetLabels = fine)) (dataset 1 fine) null
            test' (TestOptions()) (dataset 1 fine) null)

        "a level that is not there",
        "give a lower level",
        (fun () -> test' (options (AnyLevel.op_Implicit 2)) (dataset 1 levels) null),
        (fun () -> test' (options (AnyLevel.op_Implicit 1)) (dataset 1 levels) null)

        "samples without the usual names",
        "give a DataAndLabelGetter",
        (fun () -> test' (first ()) (dictionaries ()) null),
        (fun () -> test' (TestOptions(DataAndLabelGetter = pictureAndKind)) (dictionaries ()) null)

        "the same in inference",
        "give a DataAndLabelGetter",
        (fun () ->
            use model = new InferenceModel(identity)
            model.CalibrateThreshold(dictionaries ()) |> ignore),
        (fun () ->
            use model = new InferenceModel(identity, dataAndLabelGetter = pictureAndKind)
            model.CalibrateThreshold(dictionaries ()) |> ignore)

        "too many principal components",
        "give 1 to 6",
        (fun () -> test' (TestOptions(Pca = 7)) (dataset 1 fine) null),
        (fun () -> test' (TestOptions(Pca = 6)) (dataset 1 fine) null)

        "a search of nothing",
        "with TrainKnn",
        (fun () ->
            use model = new InferenceModel(identity)
            model.GetNearestNeighbors(rows (), 1) |> ignore),
        (fun () ->
            use model = new InferenceModel(identity)
            model.TrainKnn(rows ())
            model.GetNearestNeighbors(rows (), 1) |> ignore)

        "more neighbours than there are",
        "give 1 to 24",
        (fun () ->
            use model = new InferenceModel(identity)
            model.TrainKnn(rows ())
            model.GetNearestNeighbors(rows (), 25) |> ignore),
        (fun () ->
            use model = new InferenceModel(identity)
            model.TrainKnn(rows ())
            model.GetNearestNeighbors(rows (), 24) |> ignore)

        "no threshold",
        "give one here or to the MatchFinder",
        (fun () -> MatchFinder().GetMatchingPairs(rows ()) |> ignore),
        (fun () ->
            MatchFinder().GetMatchingPairs(rows (), threshold = 0.5) |> ignore
            MatchFinder(threshold = 0.5).GetMatchingPairs(rows ()) |> ignore)

        "one class",
        "at least two classes",
        (fun () -> Validation.Calibrate(MatchFinder(), rows (), unitLabels - unitLabels) |> ignore),
        (fun () -> Validation.Calibrate(MatchFinder(), rows (), unitLabels) |> ignore)

        "a single embedding",
        "unsqueeze(0)",
        (fun () ->
            MatchFinder(threshold = 0.5).GetMatchingPairs((rows ()).select(0L, 0L))
            |> ignore),
        (fun () ->
            MatchFinder(threshold = 0.5).GetMatchingPairs((rows ()).select(0L, 0L).unsqueeze 0L)
            |> ignore)

        "whole numbers",
        "to_type(float32)",
        (fun () ->
            MatchFinder(threshold = 0.5).GetMatchingPairs((rows ()).to_type torch.int64)
            |> ignore),
        (fun () ->
            MatchFinder(threshold = 0.5).GetMatchingPairs(((rows ()).to_type torch.int64).to_type torch.float32)
            |> ignore)

        "no batch size in inference",
        "The batch size is 0",
        (fun () ->
            use model = new InferenceModel(identity)
            model.GetEmbeddings(rows (), batchSize = 0) |> ignore),
        (fun () ->
            use model = new InferenceModel(identity)
            model.GetEmbeddings(rows (), batchSize = 1) |> ignore)
    ]

let tests =
    testList
        "advice"
        [
            for what, advice, mistake, remedy in cases do
                test what {
                    use _ = torch.NewDisposeScope()

                    Expect.throwsC mistake (fun error ->
                        Expect.isTrue (error :? ArgumentException || error :? InvalidOperationException) $"{error}"
                        Expect.stringContains error.Message advice "the advice")

                    remedy ()
                }

            test "strings, sample by sample, need no advice" {
                use _ = torch.NewDisposeScope()
                let data = wordSamples ()
                test' (first ()) data null
                use model = new InferenceModel(identity)
                model.CalibrateThreshold data |> ignore
                let sampler = TuplesToWeightsSampler(identity, MultiSimilarityMiner(), data)
                Expect.hasLength (Seq.toArray (sampler.Pass(Seed.ofInt64 1L, 0L))) 24 "a pass"
            }
        ]
