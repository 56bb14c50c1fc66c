module MetricLearning.Core.Tests.Data.SamplerTests

open System
open Expecto
open FsCheck
open FsCheck.FSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support

let private seed = Seed.ofInt64 7L

let private sample (sampler: Sampler) pass = sampler.Pass(seed, pass) |> Seq.toArray

/// Labels, m, how many classes a batch has, and a length that holds at least one batch.
type Valid =
    {
        Labels: int64[]
        M: int
        Classes: int
        HasBatchSize: bool
        Length: int64
    }

    member case.BatchSize =
        if case.HasBatchSize then
            Nullable(case.M * case.Classes)
        else
            Nullable()

    member case.Sampler =
        MPerClassSampler(case.Labels, case.M, case.BatchSize, case.Length)

type Generators =
    static member Valid() : Arbitrary<Valid> =
        gen {
            let! sizes = Gen.nonEmptyListOf (Gen.choose (1, 9))
            let! first = Gen.choose (-50, 50)
            let! shuffling = Gen.choose (0, 1000)

            let labels =
                sizes
                |> List.mapi (fun place size -> List.replicate size (int64 (first + 3 * place)))
                |> List.concat
                |> List.toArray

            let! m = Gen.choose (1, 6)
            let! classes = Gen.choose (1, sizes.Length)
            let! hasBatchSize = Gen.elements [ true; false ]
            let! more = Gen.choose (0, 200)

            return
                {
                    Labels = Seed.shuffle labels (Seed.ofInt64 (int64 shuffling))
                    M = m
                    Classes = classes
                    HasBatchSize = hasBatchSize
                    Length = int64 (if hasBatchSize then m * classes + more else 1 + more)
                }
        }
        |> Arb.fromGen

let private config =
    { Checked.config with
        arbitrary = [ typeof<Generators> ]
    }

let private windows (case: Valid) pass =
    let classes = Array.distinct case.Labels |> Array.length
    let perWindow = if case.HasBatchSize then case.Classes else classes
    perWindow, sample case.Sampler pass |> Array.chunkBySize (case.M * perWindow)

let private refuses text (create: unit -> MPerClassSampler) =
    Expect.throwsC (create >> ignore) (fun error ->
        Expect.isTrue (error :? ArgumentException) $"{error}"
        Expect.stringContains error.Message text "the message")


let tests =
    testList
        "m per class"
        [
            testPropertyWithConfig config "every window has m samples of as many classes as it should"
            <| fun (case: Valid) ->
                let perWindow, windows = windows case 0L

                windows
                |> Array.forall (fun window ->
                    let counts = window |> Array.countBy (fun index -> case.Labels[int index])

                    counts.Length = perWindow
                    && counts |> Array.forall (fun (_, count) -> count = case.M))

            testPropertyWithConfig config "a class with m samples or more does not repeat one within a window"
            <| fun (case: Valid) ->
                let sizes = case.Labels |> Array.countBy id |> Map.ofArray

                windows case 1L
                |> snd
                |> Array.forall (fun window ->
                    window
                    |> Array.groupBy (fun index -> case.Labels[int index])
                    |> Array.forall (fun (label, indices) ->
                        sizes[label] < case.M || (Array.distinct indices).Length = case.M))

            testPropertyWithConfig config "a pass has whole windows, as many as fit, at least one"
            <| fun (case: Valid) ->
                let perWindow, _ = windows case 0L
                let window = int64 (case.M * perWindow)
                let length = case.Sampler.PassLength.Value

                length = int64 (sample case.Sampler 2L).Length
                && length = window * max 1L (case.Length / window)
                && case.Sampler.Length.Value = min case.Length length

            testPropertyWithConfig config "a pass is a function of seed and number, whatever was asked before"
            <| fun (case: Valid) (NonNegativeInt pass) ->
                let used = case.Sampler
                sample used 3L |> ignore
                used.Pass(Seed.ofInt64 8L, int64 pass) |> Seq.truncate 3 |> Seq.length |> ignore
                sample used (int64 pass) = sample case.Sampler (int64 pass)

            test "passes and seeds differ" {
                let sampler =
                    MPerClassSampler([| for index in 0L .. 999L -> index % 10L |], 4, 40, 1000L)

                Expect.notEqual (sample sampler 0L) (sample sampler 1L) "passes"
                Expect.notEqual (sample sampler 0L) (sampler.Pass(Seed.ofInt64 8L, 0L) |> Seq.toArray) "seeds"
            }

            test "classes of a batch are drawn anew for each batch, each class alike" {
                let sampler =
                    MPerClassSampler([| for index in 0L .. 99L -> index % 10L |], 1, 4, 40000L)

                for _, count in sample sampler 0L |> Array.countBy (fun index -> index % 10L) do
                    Expect.isTrue (abs (count - 4000) < 300) $"{count} of 40000"
            }

            test "labels of many samples are quick" {
                let sampler =
                    MPerClassSampler([| for index in 0L .. 999_999L -> index % 50_000L |], 4, 128, 100_000L)

                Expect.equal (sample sampler 0L).Length 99_968 "the length"
            }

            test "mistakes are named, together" {
                let labels = [| 0L; 1L; 0L; 1L |]
                refuses "must divide batchSize" (fun () -> MPerClassSampler(labels, 3, 4, 100L))
                refuses "at least batchSize, 12" (fun () -> MPerClassSampler(labels, 2, 12, 100L))
                refuses "lengthBeforeNewIter is 3" (fun () -> MPerClassSampler(labels, 2, 4, 3L))
                refuses "m is 0" (fun () -> MPerClassSampler(labels, 0, Nullable(), 100L))
                refuses "labels is empty" (fun () -> MPerClassSampler(Array.empty<int64>, 1, Nullable(), 100L))
                refuses "batchSize is 0" (fun () -> MPerClassSampler(labels, 1, 0, 100L))
                refuses "lengthBeforeNewIter is 0" (fun () -> MPerClassSampler(labels, 1, Nullable(), 0L))
                refuses "must divide" (fun () -> MPerClassSampler(labels, 3, 50, 4L))
                refuses "lengthBeforeNewIter is 4" (fun () -> MPerClassSampler(labels, 3, 50, 4L))
            }
        ]
