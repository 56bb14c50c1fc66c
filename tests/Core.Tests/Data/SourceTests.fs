module MetricLearning.Core.Tests.Data.SourceTests

open System
open System.Collections.Generic
open System.Threading
open Expecto
open FsCheck
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.Sources

let tests =
    testSequenced
    <| testList
        "source"
        [
            test "every kind of data set gives the samples asked for" {
                use data = rows ()
                use labels = labels ()
                use torchSet = torch.utils.data.TensorDataset(data, labels)
                use pictures = new Pictures(-1L)
                let pairs = [ for index in 0..9 -> struct (float32 index, 100 + index) ]

                for dataset in
                    [
                        TrainingData.FromTensors(data, labels)
                        TrainingData.FromTensors(data, [| 100..109 |])
                        TrainingData.FromDataset(torchSet)
                        TrainingData.FromDataset(pictures)
                        TrainingData.FromSamples(pairs)
                        TrainingData.FromSamples([ for index in 0..9 -> [| float32 index; 0.0f |], 100L + int64 index ])
                        TrainingData.FromSamples(10L, fun index _ -> struct (float index, index + 100L))
                    ] do
                    use source = BatchSource.ofDataset Reading.Default dataset
                    Expect.equal source.Count 10L "count"
                    holds source [ 3L ]
                    holds source [ 9L; 0L; 4L; 4L ]
            }

            test "several inputs" {
                use data = rows ()
                use other = torch.arange (10)
                use labels = labels ()
                let samples = [ for index in 0..9 -> float index, 2 * index, 100 + index ]

                for dataset in
                    [
                        TrainingData.FromTensors([ data; other ], labels)
                        TrainingData.FromSamples(samples)
                    ] do
                    use source = BatchSource.ofDataset Reading.Default dataset
                    use batch = fetch source [ 2L; 5L ]
                    Expect.equal batch.Data.Length 2 "two inputs"
                    Expect.equal (numbers batch.Labels) [| 102L; 105L |] "labels"
            }

            test "labels: level, ranks and strings" {
                use data = rows ()
                let levels: obj = [| for index in 0..9 -> [| index / 5; 50 - index |] |]

                let reading =
                    { Reading.Default with
                        Labels = LabelMap.Create(true, levels)
                        Level = HierarchyLevel.One 1
                    }

                let samples =
                    [ for index in 0..9 -> struct (float index, struct (index / 5, 50 - index)) ]

                for dataset in [ TrainingData.FromTensors(data, levels); TrainingData.FromSamples(samples) ] do
                    use source = BatchSource.ofDataset reading dataset
                    use batch = fetch source [ 9L; 0L; 8L ]
                    Expect.equal (numbers batch.Labels) [| 0L; 9L; 1L |] "ranks of level 1"

                let words = [| for index in 0..9 -> string (char (int 'j' - index)) |]

                use source =
                    BatchSource.ofDataset Reading.Default (TrainingData.FromTensors(data, words))

                use batch = fetch source [ 9L; 0L; 8L ]
                Expect.equal (numbers batch.Labels) [| 0L; 9L; 1L |] "strings of a whole data set have ranks"
            }

            test "collate function and getter" {
                use data = rows ()
                use labels = labels ()
                use torchSet = torch.utils.data.TensorDataset(data, labels)

                let collate =
                    Func<IReadOnlyList<obj>, obj>(fun samples ->
                        let parts =
                            Collate.samples (Array.zeroCreate samples.Count) (Seq.rev samples |> Seq.toArray) :?> obj[]

                        dict
                            [
                                "x", (parts[0] :?> torch.Tensor).mul(torch.tensor 0.5f) :> obj
                                "y", parts[1]
                            ])

                let getter =
                    Func<obj, struct (obj * obj)>(fun batch ->
                        let batch = batch :?> IDictionary<string, obj>
                        struct (batch["x"], batch["y"]))

                for dataset in
                    [
                        TrainingData.FromTensors(data, labels)
                        TrainingData.FromTensors(data, [| 100..109 |])
                        TrainingData.FromDataset(torchSet)
                    ] do
                    use source =
                        BatchSource.ofDataset
                            { Reading.Default with
                                CollateFn = collate
                                DataAndLabelGetter = getter
                            }
                            dataset

                    use batch = fetch source [ 2L; 6L ]
                    Expect.equal (numbers batch.Labels) [| 106L; 102L |] "reversed"
                    Expect.equal (floats batch.Data[0]) [| 3.0; -3.0; 1.0; -1.0 |] "halved"
            }

            test "string labels of a tensor data set survive a collate function" {
                use data = rows ()
                let words = [| for index in 0..9 -> string (char (int 'a' + index)) |]

                use source =
                    BatchSource.ofDataset
                        { Reading.Default with
                            CollateFn =
                                Func<_, _>(fun samples -> Collate.samples (Array.zeroCreate samples.Count) samples)
                        }
                        (TrainingData.FromTensors(data, words))

                use batch = fetch source [ 3L; 1L ]
                Expect.equal (numbers batch.Labels) [| 3L; 1L |] "ranks"
            }

            SourceMistakes.mistakes

            test "chance of a sample depends on the seed and its place in the batch alone" {
                let dataset =
                    TrainingData.FromSamples(10L, fun _ seed -> struct (seed.Random().NextDouble(), 0))

                use source = BatchSource.ofDataset Reading.Default dataset

                let draws number =
                    use batch =
                        source.Fetch([| 1L; 1L; 2L |], Seed.ofInt64 number, CancellationToken.None)

                    floats batch.Data[0]

                Expect.equal (draws 4L) (draws 4L) "again"
                Expect.notEqual (draws 4L) (draws 5L) "another seed"
                Expect.equal (Array.distinct (draws 4L)).Length 3 "another place"
            }

            test "no tensor is left, and none of the owner's is disposed" {
                use data = rows ()
                use labels = labels ()
                use torchSet = torch.utils.data.TensorDataset(data, labels)
                use pictures = new Pictures(7L)
                use cached = torch.ones [| 2L |]
                let pairs = [ for index in 0..9 -> struct (cached, 100 + index) ]

                let same =
                    { Reading.Default with
                        CollateFn = Func<_, _>(fun _ -> struct (data, labels) :> obj)
                    }

                for reading, dataset in
                    [
                        Reading.Default, TrainingData.FromTensors(data, labels)
                        same, TrainingData.FromTensors(data, labels)
                        same, TrainingData.FromSamples(pairs)
                        Reading.Default, TrainingData.FromDataset(torchSet)
                        Reading.Default, TrainingData.FromDataset(pictures)
                        Reading.Default, TrainingData.FromSamples(pairs)
                    ] do
                    leavesNoTensors (fun () ->
                        use source = BatchSource.ofDataset reading dataset
                        use _ = fetch source [ 1L; 2L ]

                        try
                            use _ = fetch source [ 6L; 7L ]
                            ()
                        with :? InvalidOperationException ->
                            ())

                Expect.isFalse (data.IsInvalid || labels.IsInvalid || cached.IsInvalid) "the owner's live"
            }

            test "a batch lives outside of the caller's scope" {
                use data = rows ()
                use labels = labels ()

                for dataset in
                    [
                        TrainingData.FromTensors(data, labels)
                        TrainingData.FromSamples([ for index in 0..9 -> index, index ])
                    ] do
                    let scope = torch.NewDisposeScope()
                    use source = BatchSource.ofDataset Reading.Default dataset
                    use batch = fetch source [ 1L ]
                    scope.Dispose()
                    Expect.isFalse (batch.Data[0].IsInvalid || batch.Labels.IsInvalid) "alive"
                    use again = fetch source [ 1L ]
                    Expect.equal (floats again.Data[0]) (floats batch.Data[0]) "the source as well"
            }

            test "cancellation stops between samples" {
                use cancelling = new CancellationTokenSource()
                let mutable read = 0

                let dataset =
                    TrainingData.FromSamples(
                        10L,
                        fun index _ ->
                            read <- read + 1

                            if index = 3L then
                                cancelling.Cancel()

                            struct (index, index)
                    )

                use source = BatchSource.ofDataset Reading.Default dataset

                Expect.throwsT<OperationCanceledException>
                    (fun () -> source.Fetch([| 0L .. 9L |], seed, cancelling.Token) |> ignore)
                    "cancelled"

                Expect.equal read 4 "samples read"
            }
        ]
