/// Inference models in files.
module MetricLearning.Core.Tests.Inference.FileTests

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core.Tests.Support.EmbeddingNetworks
open MetricLearning.Core.Tests.Support.InferenceFiles

let tests =
    testList
        "files"
        [
            test "networks of the same shape answer as those that were saved" {
                inFolder (fun path ->
                    let answers = saved path
                    let trunk, embedder = others ()
                    use model = new InferenceModel(trunk, embedder)
                    model.Load path
                    Expect.equal (answersOf model) answers "embeddings and neighbours, bit for bit"
                    Expect.equal model.MatchFinder.Threshold (Nullable 0.1234567890123456789) "threshold"
                    Expect.isFalse model.NormalizeEmbeddings "normalisation"
                    Expect.isTrue trunk.training "modes are not those of evaluation"
                    trunk.Dispose()
                    embedder.Dispose())
            }

            test "a model without an index, a threshold or an embedder" {
                inFolder (fun path ->
                    use trunk = trunk ()

                    use model = new InferenceModel(trunk, matchFinder = MatchFinder(LpDistance()))

                    model.Save path
                    model.TrainKnn(data 5L, 8)
                    model.Load path
                    Expect.equal model.IndexCount 0L "as it was saved"
                    Expect.isFalse model.MatchFinder.Threshold.HasValue "no threshold")
            }

            test "what a model says of itself is read before and with its networks" {
                inFolder (fun path ->
                    use trunk = trunk ()
                    use model = new InferenceModel(trunk)
                    model.Card["trunk"] <- "small"
                    model.Card["distance"] <- "no setting of the file's own is in its way"
                    model.Save path
                    let card = Seq.sortBy (|KeyValue|) model.Card |> Seq.toList
                    Expect.equal (Seq.sortBy (|KeyValue|) (InferenceModel.ReadCard path) |> Seq.toList) card "alone"
                    model.Card.Clear()
                    model.Card["old"] <- "gone"
                    model.Load path
                    Expect.equal (Seq.sortBy (|KeyValue|) model.Card |> Seq.toList) card "with the networks"

                    Expect.throwsT<System.IO.InvalidDataException>
                        (fun () ->
                            System.IO.File.WriteAllText(path, "no model")
                            InferenceModel.ReadCard path |> ignore)
                        "another file")
            }

            test "the index alone, from its own file or that of a model" {
                inFolder (fun path ->
                    use trunk = trunk ()
                    use model = new InferenceModel(trunk)
                    model.TrainKnn(data 9L, 8)
                    let answers = answersOf model
                    use other = new InferenceModel(trunk)

                    for save in [ model.SaveKnnFunc; model.Save ] do
                        save path
                        other.TrainKnn(data 2L, 8)
                        other.LoadKnnFunc path
                        Expect.equal (answersOf other) answers "neighbours"
                        other.AddToKnn(data 2L, 8)
                        Expect.equal other.IndexCount 11L "it can grow")
            }

            test "any reader of safetensors finds the tensors by their names" {
                inFolder (fun path ->
                    saved path |> ignore
                    use file = SafetensorsFile.Open path
                    use trunk = trunk ()
                    use embedder = embedder ()

                    let names =
                        [
                            for name in trunk.state_dict().Keys do
                                "trunk." + name

                            for name in embedder.state_dict().Keys do
                                "embedder." + name

                            "index.embeddings"
                            "sha256"
                        ]

                    Expect.containsAll [ for entry in file.Entries -> entry.Name ] names "names"
                    Expect.hasLength file.Entries names.Length "and nothing else"
                    Expect.equal file.Metadata["format"] "MetricLearning.InferenceModel" "the format")
            }
        ]
