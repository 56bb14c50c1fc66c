module MetricLearning.Core.Tests.Data.HierarchicalTests

open System
open Expecto
open FsCheck
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations

let private seed = Seed.ofInt64 7L

// Four super-classes of three classes each, ten samples a class; class numbers repeat under other super-classes.
let private outer = [| for index in 0..119 -> int64 (index % 4) |]
let private inner = [| for index in 0..119 -> int64 (index / 4 % 3) |]

let private sampler batchSize perClass perTuple superClasses =
    HierarchicalSampler(Array.zip inner outer, batchSize, perClass, perTuple, superClasses)

let private batches (sampler: BatchSampler) pass = sampler.Pass(seed, pass) |> Seq.toArray

let private classOf (index: int64) = outer[int index], inner[int index]

let tests =
    testList
        "hierarchical"
        [
            test "equal parts of as many super-classes, so many samples of a class, each combination as often" {
                let sampler = sampler 24 (Nullable 4) 3 2
                Expect.equal sampler.Length (Nullable 18L) "the length"
                let found = batches sampler 0L
                Expect.hasLength found 18 "batches"

                for batch in found do
                    Expect.hasLength (Array.distinct batch) 24 "no sample twice"
                    let parts = batch |> Array.countBy (classOf >> fst)
                    Expect.equal (parts |> Array.map snd) [| 12; 12 |] "super-classes"
                    Expect.all (batch |> Array.countBy classOf) (fun (_, count) -> count = 4) "classes"

                let combinations =
                    found
                    |> Array.countBy (Array.map (classOf >> fst) >> Array.distinct >> Array.sort)

                Expect.hasLength combinations 6 "combinations"
                Expect.all combinations (fun (_, count) -> count = 3) "each as often"
            }

            test "a pass is a function of seed and number; batches and their samples are shuffled" {
                let first = batches (sampler 12 (Nullable 2) 4 2) 0L
                Expect.equal (batches (sampler 12 (Nullable 2) 4 2) 0L) first "again"
                Expect.notEqual (batches (sampler 12 (Nullable 2) 4 2) 1L) first "another pass"

                let isMixed (batch: int64[]) =
                    fst (classOf batch[0]) <> fst (classOf batch[1])

                Expect.exists first isMixed "samples"

                let pairs =
                    first |> Array.map (Array.map (classOf >> fst) >> Array.distinct >> Array.sort)

                Expect.notEqual pairs (Array.sort pairs) "batches"
            }

            test "whole classes as long as they fit, smaller batches where classes are few" {
                for batch in batches (sampler 50 (Nullable()) 1 2) 0L do
                    Expect.all (batch |> Array.countBy classOf) (fun (_, count) -> count = 10) "whole classes"
                    Expect.hasLength batch 40 "two classes of each super-class"

                for batch in batches (sampler 40 (Nullable 2) 1 1) 0L do
                    Expect.hasLength batch 6 "three classes"
            }

            test "a smaller class gives samples more than once" {
                let small = HierarchicalSampler([ 0L, 5L; 0L, 5L; 1L, 6L ], 8, 4, 1, 2)
                let batch = batches small 0L |> Array.exactlyOne
                Expect.equal (batch |> Array.filter (fun index -> index = 2L) |> Array.length) 4 "the only one"
            }

            test "mistakes are named, together" {
                let refuses text create =
                    throws<ArgumentException> text (create >> ignore)

                refuses "multiple of superClassesPerBatch, 3" (fun () -> sampler 10 (Nullable 2) 4 3)
                refuses "must divide the 5 samples" (fun () -> sampler 10 (Nullable 2) 4 2)
                refuses "samplesPerClass is 0" (fun () -> sampler 10 (Nullable 0) 4 2)
                refuses "there are 4 different outer labels" (fun () -> sampler 10 (Nullable 1) 4 5)
                refuses "superClassesPerBatch is 0" (fun () -> sampler 10 (Nullable 1) 4 0)

                refuses "Sample 2 has 1 levels of labels, but sample 0 has 2" (fun () ->
                    HierarchicalSampler([ [ 0L; 0L ]; [ 1L; 1L ]; [ 2L ] ], 2, 1, 1, 1))

                refuses "outerLabel is 2, but the labels have 2 level(s)" (fun () ->
                    HierarchicalSampler(Array.zip inner outer, 24, 4, outerLabel = 2))

                refuses "batchesPerSuperTuple is 0" (fun () -> sampler 11 (Nullable 1) 0 2)
                refuses "batchSize is 11" (fun () -> sampler 11 (Nullable 1) 0 2)
            }
        ]
