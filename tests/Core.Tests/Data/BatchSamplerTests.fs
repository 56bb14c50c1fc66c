module MetricLearning.Core.Tests.Data.BatchSamplerTests

open System
open Expecto
open FsCheck
open FsCheck.FSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support

let private batchesOf (sampler: BatchSampler) (seed: int64) (pass: int64) =
    sampler.Pass(Seed.ofInt64 seed, pass) |> Seq.toArray

/// Labels of classes of very different sizes, samples of a class in a batch, and how many classes a batch has.
type Uneven =
    {
        Labels: int64[]
        M: int
        Classes: int
        Seed: int64
    }

type Generators =
    static member Uneven() : Arbitrary<Uneven> =
        gen {
            let! sizes =
                Gen.nonEmptyListOf (Gen.frequency [ 4, Gen.choose (1, 9); 1, Gen.choose (10, 60) ])

            let! seed = Gen.choose (0, 1000)

            let labels =
                sizes
                |> List.mapi (fun place size -> Array.create size (int64 (3 * place - 20)))
                |> Array.concat

            let! m = Gen.choose (1, 6)
            let! classes = Gen.choose (1, sizes.Length)

            return
                {
                    Labels = Seed.shuffle labels (Seed.ofInt64 (int64 seed))
                    M = m
                    Classes = classes
                    Seed = int64 seed
                }
        }
        |> Arb.fromGen

let private config =
    { Checked.config with
        arbitrary = [ typeof<Generators> ]
    }

let private property name check =
    testPropertyWithConfig config name check

let private sizes (case: Uneven) =
    case.Labels |> Array.countBy id |> Array.map snd

// As many batches as the largest class asks for, or all of them.
let private fewest (width: int) (units: int[]) =
    max (Array.max units) ((Array.sum units + width - 1) / width)

let private mPerClass (case: Uneven) =
    MPerClassBatchSampler(case.Labels, case.M, case.M * case.Classes)

let private mPerClassTests =
    testList
        "m per class, evenly"
        [
            property "so many classes, so many samples of each, none twice that need not be" (fun (case: Uneven) ->
                let size = case.Labels |> Array.countBy id |> Map.ofArray

                for batch in batchesOf (mPerClass case) case.Seed 0L do
                    let byClass = batch |> Array.groupBy (fun index -> case.Labels[int index])
                    Expect.equal byClass.Length case.Classes "classes"

                    for label, samples in byClass do
                        Expect.equal samples.Length case.M "samples"
                        let different = samples |> Array.distinct |> Array.length

                        if size[label] >= case.M then
                            Expect.equal different case.M "different samples"
                        else
                            Expect.equal different size[label] "all of a small class")

            property "every sample, in as few batches as there can be" (fun (case: Uneven) ->
                let sampler = mPerClass case
                let found = batchesOf sampler case.Seed 3L

                Expect.equal
                    (found |> Array.concat |> Array.distinct |> Array.sort)
                    [| 0L .. case.Labels.LongLength - 1L |]
                    "samples"

                let groups = sizes case |> Array.map (fun size -> (size + case.M - 1) / case.M)
                Expect.equal found.Length (fewest case.Classes groups) "batches"
                Expect.equal sampler.Length (Nullable found.LongLength) "Length")

            test "each sample once where all comes out even" {
                let labels = [| for index in 0L .. 119L -> index % 10L |]
                let found = batchesOf (MPerClassBatchSampler(labels, 4, 20)) 5L 0L
                Expect.equal (found |> Array.concat |> Array.sort) [| 0L .. 119L |] "samples"
            }

            property "a function of seed and pass" (fun (case: Uneven) ->
                let sampler = mPerClass case
                let first = batchesOf sampler case.Seed 1L
                batchesOf sampler case.Seed 2L |> ignore
                Expect.equal (batchesOf sampler case.Seed 1L) first "the same again"
                Expect.equal (batchesOf (mPerClass case) case.Seed 1L) first "of another sampler")

            test "mistakes are named together" {
                let mistake labels m batchSize =
                    let error =
                        Expect.throwsC
                            (fun () -> MPerClassBatchSampler((labels: int64[]), m, batchSize) |> ignore)
                            _.Message

                    error

                Expect.equal
                    (mistake [||] 0 4)
                    "MPerClassBatchSampler: labels is empty: give one label per sample. m is 0: it must be at least 1."
                    "no labels"

                Expect.equal
                    (mistake [| 1L; 2L |] 4 10)
                    "MPerClassBatchSampler: batchSize is 10: it must be a multiple of m, 4."
                    "multiple"

                Expect.equal
                    (mistake [| 1L; 2L |] 2 6)
                    "MPerClassBatchSampler: batchSize is 6 and m 2: a batch has 3 classes, but there are 2 different labels."
                    "classes"
            }
        ]

let private noDuplicates (case: Uneven) (dropLast: bool) =
    NoDuplicatesBatchSampler(case.Labels, case.Classes, dropLast)

let private noDuplicateTests =
    testList
        "no duplicates"
        [
            property
                "every sample once, no key twice in a batch, in as few batches as there can be"
                (fun (case: Uneven) ->
                    let sampler = noDuplicates case false
                    let found = batchesOf sampler case.Seed 0L

                    Expect.equal
                        (found |> Array.concat |> Array.sort)
                        [| 0L .. case.Labels.LongLength - 1L |]
                        "samples"

                    for batch in found do
                        Expect.isLessThanOrEqual batch.Length case.Classes "size"
                        let keys = batch |> Array.map (fun index -> case.Labels[int index])
                        Expect.equal (Array.distinct keys) keys "keys"

                    Expect.equal found.Length (fewest case.Classes (sizes case)) "batches"
                    Expect.equal sampler.Length (Nullable found.LongLength) "Length")

            property "full batches alone, if smaller ones are left out" (fun (case: Uneven) ->
                let sampler = noDuplicates case true
                let found = batchesOf sampler case.Seed 2L
                let isFull (batch: int64[]) = batch.Length = case.Classes
                Expect.all found isFull "full"

                Expect.equal
                    found
                    (batchesOf (noDuplicates case false) case.Seed 2L |> Array.filter isFull)
                    "the others"

                Expect.equal sampler.Length (Nullable found.LongLength) "Length")

            test "keys may be words" {
                let found =
                    batchesOf (NoDuplicatesBatchSampler([| "a cat"; "a dog"; "a cat" |], 2)) 1L 0L

                Expect.equal (found |> Array.map Array.length) [| 2; 1 |] "sizes"
            }

            test "mistakes are named together" {
                let mistake (keys: int64[]) batchSize =
                    Expect.throwsC (fun () -> NoDuplicatesBatchSampler(keys, batchSize, true) |> ignore) _.Message

                Expect.equal
                    (mistake [||] 0)
                    "NoDuplicatesBatchSampler: keys is empty: give one key per sample. batchSize is 0: it must be at least 1."
                    "nothing"

                Expect.equal
                    (mistake [| 1L; 1L |] 2)
                    "NoDuplicatesBatchSampler: batchSize is 2, but there are 1 different keys: no batch would be full, and dropLast leaves out all."
                    "never full"
            }
        ]

let tests = testList "batch samplers" [ mPerClassTests; noDuplicateTests ]
