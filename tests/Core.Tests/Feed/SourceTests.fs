module MetricLearning.Core.Tests.Feed.SourceTests

open System
open System.Collections.Generic
open System.Threading
open Expecto
open FsCheck
open TorchSharp
open MetricLearning.Core
open MetricLearning.Core.Tests.Feed.Expectations

let private seed = Seed.ofInt64 1L

let private fetch (source: Source) (indices: int64 list) =
    source.Fetch(List.toArray indices, seed, CancellationToken.None)

/// Ten samples: row i holds i and −i, its label is 100 + i.
let private rows () =
    torch.tensor (Array2D.init 10 2 (fun row column -> if column = 0 then float32 row else float32 -row))

let private labels () = torch.tensor [| 100L .. 109L |]

type Pictures(broken: int64) =
    inherit torch.utils.data.Dataset()
    override _.Count = 10L

    override _.GetTensor index =
        if index = broken then
            raise (FormatException "not a picture")

        // Tensors on the way, which nobody disposes.
        let data = torch.tensor([| float32 index |]).mul(torch.tensor 2.0f)
        Dictionary(dict [ "data", data.div (torch.tensor 2.0f); "label", torch.tensor (100L + index) ])

let private holds (source: Source) (indices: int64 list) =
    use batch = fetch source indices

    Expect.equal (batch.Indices |> Array.toList) indices "indices"
    Expect.equal (numbers batch.Labels |> Array.toList) (indices |> List.map ((+) 100L)) "labels"
    Expect.equal batch.Labels.dtype torch.int64 "label dtype"
    let rows = batch.Data[0].size 0
    Expect.equal rows (int64 indices.Length) "rows"

    Expect.equal
        [
            for row in floats batch.Data[0] |> Array.chunkBySize (int (batch.Data[0].numel() / rows)) -> int64 row[0]
        ]
        indices
        "data"


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
                        Dataset.ofTensors data labels
                        Dataset.ofTensors data [| 100..109 |]
                        Dataset.ofTorch torchSet
                        Dataset.ofTorch pictures
                        Dataset.ofSamples pairs
                        Dataset.ofSamples [ for index in 0..9 -> [| float32 index; 0.0f |], 100L + int64 index ]
                        Dataset.ofFunction 10L (fun index _ -> struct (float index, index + 100L))
                    ] do
                    use source = Source.ofDataset Reading.Default dataset
                    Expect.equal source.Count 10L "count"
                    holds source [ 3L ]
                    holds source [ 9L; 0L; 4L; 4L ]
            }

            test "several inputs" {
                use data = rows ()
                use other = torch.arange (10)
                use labels = labels ()
                let samples = [ for index in 0..9 -> float index, 2 * index, 100 + index ]

                for dataset in [ Dataset.ofInputs [ data; other ] labels; Dataset.ofSamples samples ] do
                    use source = Source.ofDataset Reading.Default dataset
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
                        Level = 1
                    }

                let samples =
                    [ for index in 0..9 -> struct (float index, struct (index / 5, 50 - index)) ]

                for dataset in [ Dataset.ofTensors data levels; Dataset.ofSamples samples ] do
                    use source = Source.ofDataset reading dataset
                    use batch = fetch source [ 9L; 0L; 8L ]
                    Expect.equal (numbers batch.Labels) [| 0L; 9L; 1L |] "ranks of level 1"

                let words = [| for index in 0..9 -> string (char (int 'j' - index)) |]
                use source = Source.ofDataset Reading.Default (Dataset.ofTensors data words)
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
                        Dataset.ofTensors data labels
                        Dataset.ofTensors data [| 100..109 |]
                        Dataset.ofTorch torchSet
                    ] do
                    use source =
                        Source.ofDataset
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
                    Source.ofDataset
                        { Reading.Default with
                            CollateFn =
                                Func<_, _>(fun samples -> Collate.samples (Array.zeroCreate samples.Count) samples)
                        }
                        (Dataset.ofTensors data words)

                use batch = fetch source [ 3L; 1L ]
                Expect.equal (numbers batch.Labels) [| 3L; 1L |] "ranks"
            }

            testProperty "a broken sample is named, wherever it is, and the original exception kept"
            <| fun (NonNegativeInt broken) ->
                use pictures = new Pictures(int64 (broken % 10))
                use source = Source.ofDataset Reading.Default (Dataset.ofTorch pictures)

                try
                    fetch source [ 0L .. 9L ] |> ignore
                    false
                with error ->
                    error :? InvalidOperationException
                    && error.Message.Contains $"sample {broken % 10} of"
                    && error.Message.Contains "not a picture"
                    && error.InnerException :? FormatException
                    && (nonNull (nonNull error.InnerException).StackTrace).Contains "GetTensor"

            test "mistakes of a batch are named" {
                use one = torch.zeros [| 1L |]

                let reading (collate: obj -> obj) =
                    { Reading.Default with
                        CollateFn = Func<_, _>(fun samples -> collate samples[0])
                    }

                let wrong: (obj * string) list =
                    [
                        one, "without labels"
                        [| one |], "has 1 part"
                        Dictionary(dict [ "x", one ]), "without the keys \"data\""
                        3, "is a System.Int32"
                        ("a", [| 1 |]), "data of a batch are a System.String"
                        ([ "a" ], [| 1 |]), "part of a batch's data is a System.String"
                        (one, Unchecked.defaultof<obj>), "labels of a batch are null"
                        (one, [| 1; 2 |]), "there are 2 labels"
                        (one, [| "a" |]), "give datasetLabels"
                        Unchecked.defaultof<obj>, "returned null"
                    ]

                for batch, text in wrong do
                    use source = Source.ofDataset (reading (fun _ -> batch)) (Dataset.ofSamples [ 1 ])
                    throws<InvalidOperationException> text (fun () -> fetch source [ 0L ] |> ignore)
                    throws<InvalidOperationException> "batch of samples 0" (fun () -> fetch source [ 0L ] |> ignore)

                use source =
                    Source.ofDataset Reading.Default (Dataset.ofSamples [ Unchecked.defaultof<obj> ])

                throws<InvalidOperationException> "the sample is null" (fun () -> fetch source [ 0L ] |> ignore)
            }

            test "data and labels that do not fit are refused at once" {
                use data = rows ()
                use three = torch.zeros [| 3L; 2L |]
                use scalar = torch.tensor 1.0f

                let refused text inputs (labels: obj) =
                    throws<ArgumentException> text (fun () ->
                        Source.ofDataset Reading.Default (Dataset.ofInputs inputs labels) |> ignore)

                refused "10 rows, but there are 3 labels" [ data ] [| 1; 2; 3 |]
                refused "10 rows, another 3" [ data; three ] [| 0..9 |]
                refused "no dimensions" [ scalar ] [| 1 |]
                refused "no data tensors" [] [| 1 |]
                refused "2.5" [ three ] [| 1.0; 2.0; 2.5 |]
            }

            test "indices outside of the data set are refused" {
                use data = rows ()
                use labels = labels ()

                for dataset in
                    [
                        Dataset.ofTensors data labels
                        Dataset.ofSamples [ for index in 0..9 -> index, index ]
                    ] do
                    use source = Source.ofDataset Reading.Default dataset

                    for index in [ -1L; 10L ] do
                        throws<InvalidOperationException> $"sample {index}, but the data set has 10" (fun () ->
                            fetch source [ 0L; index ] |> ignore)
            }

            test "chance of a sample depends on the seed and its place in the batch alone" {
                let dataset =
                    Dataset.ofFunction 10L (fun _ seed -> struct (seed.Random().NextDouble(), 0))

                use source = Source.ofDataset Reading.Default dataset

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
                        Reading.Default, Dataset.ofTensors data labels
                        same, Dataset.ofTensors data labels
                        same, Dataset.ofSamples pairs
                        Reading.Default, Dataset.ofTorch torchSet
                        Reading.Default, Dataset.ofTorch pictures
                        Reading.Default, Dataset.ofSamples pairs
                    ] do
                    leavesNoTensors (fun () ->
                        use source = Source.ofDataset reading dataset
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
                        Dataset.ofTensors data labels
                        Dataset.ofSamples [ for index in 0..9 -> index, index ]
                    ] do
                    let scope = torch.NewDisposeScope()
                    use source = Source.ofDataset Reading.Default dataset
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
                    Dataset.ofFunction 10L (fun index _ ->
                        read <- read + 1

                        if index = 3L then
                            cancelling.Cancel()

                        struct (index, index))

                use source = Source.ofDataset Reading.Default dataset

                Expect.throwsT<OperationCanceledException>
                    (fun () -> source.Fetch([| 0L .. 9L |], seed, cancelling.Token) |> ignore)
                    "cancelled"

                Expect.equal read 4 "samples read"
            }
        ]
