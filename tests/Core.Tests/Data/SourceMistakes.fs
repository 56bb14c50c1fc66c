module MetricLearning.Core.Tests.Data.SourceMistakes

open System
open System.Collections.Generic
open Expecto
open FsCheck
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.Sources

let mistakes =
    testList
        "mistakes"
        [
            testPropertyWithConfig
                Checked.config
                "a broken sample is named, wherever it is, and the original exception kept"
            <| fun (NonNegativeInt broken) ->
                use pictures = new Pictures(int64 (broken % 10))

                use source =
                    BatchSource.ofDataset Reading.Default (TrainingData.FromDataset(pictures))

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
                        (one, [| "a" |]), "give DatasetLabels"
                        Unchecked.defaultof<obj>, "returned null"
                    ]

                for batch, text in wrong do
                    use source =
                        BatchSource.ofDataset (reading (fun _ -> batch)) (TrainingData.FromSamples([ 1 ]))

                    throws<InvalidOperationException> text (fun () -> fetch source [ 0L ] |> ignore)
                    throws<InvalidOperationException> "batch of samples 0" (fun () -> fetch source [ 0L ] |> ignore)

                use source =
                    BatchSource.ofDataset Reading.Default (TrainingData.FromSamples([ Unchecked.defaultof<obj> ]))

                throws<InvalidOperationException> "the sample is null" (fun () -> fetch source [ 0L ] |> ignore)
            }

            test "data and labels that do not fit are refused at once" {
                use data = rows ()
                use three = torch.zeros [| 3L; 2L |]
                use scalar = torch.tensor 1.0f

                let refused text (inputs: Tensor list) (labels: obj) =
                    throws<ArgumentException> text (fun () ->
                        BatchSource.ofDataset Reading.Default (TrainingData.FromTensors(inputs, labels))
                        |> ignore)

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
                        TrainingData.FromTensors(data, labels)
                        TrainingData.FromSamples([ for index in 0..9 -> index, index ])
                    ] do
                    use source = BatchSource.ofDataset Reading.Default dataset

                    for index in [ -1L; 10L ] do
                        throws<InvalidOperationException> $"sample {index}, but the data set has 10" (fun () ->
                            fetch source [ 0L; index ] |> ignore)
            }
        ]
