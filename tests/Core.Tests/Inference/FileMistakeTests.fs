/// Files that are refused as inference models.
module MetricLearning.Core.Tests.Inference.FileMistakeTests

open System
open System.Collections.Generic
open System.IO
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.EmbeddingNetworks
open MetricLearning.Core.Tests.Support.InferenceFiles

let tests =
    testList
        "refused files"
        [
            test "other networks: everything that differs is named, and nothing is changed" {
                inFolder (fun path ->
                    saved path |> ignore
                    use trunk = trunk ()
                    use embedder = embedder ()

                    let linear (inputs: int64) (outputs: int64) =
                        torch.nn.Sequential(
                            struct ("linear", torch.nn.Linear(inputs, outputs) :> torch.nn.Module<Tensor, Tensor>)
                        )

                    use wide = linear 5L 4L
                    use plain = linear features 5L

                    let refuses text (trunk: torch.nn.Module) (embedder: torch.nn.Module | null) =
                        refuses<ArgumentException> text null trunk embedder path

                    refuses "embedder.linear.weight is Float32 of shape [3 × 5] in the file, and" trunk wide
                    refuses "embedder.linear.bias is Float32 of shape [3]" trunk wide
                    refuses "embedder.linear.weight is not here" trunk null
                    refuses "trunk.norm.running_mean is not here" plain embedder
                    use double = EmbeddingNetworks.trunk ()
                    double.double () |> ignore
                    refuses "Float32 of shape [5 × 6] in the file, and Float64" double null)
            }

            test "a threshold for another distance" {
                inFolder (fun path ->
                    saved path |> ignore
                    use trunk = trunk ()
                    use embedder = embedder ()

                    refuses<ArgumentException>
                        "Cosine(p=2, power=1, normalized=True, inverted=True), but matches are found by Lp"
                        (MatchFinder(LpDistance(), 0.1))
                        trunk
                        embedder
                        path)
            }

            test "files that are none, are something else, or are newer" {
                inFolder (fun path ->
                    use trunk = trunk ()
                    use embedder = embedder ()

                    let refuses text =
                        refuses<InvalidDataException> text null trunk embedder path

                    let write (strings: (string * string) list) =
                        let metadata = [ for key, value in strings -> KeyValuePair(key, value) ]
                        let weights = [| struct ("weights", torch.ones 3L) |]
                        DurableFile.Write(path, fun stream -> Safetensors.WriteSealed(stream, weights, metadata))

                    write []
                    refuses "not an inference model that this library saved"
                    write [ "format", "MetricLearning.Checkpoint" ]
                    refuses "is a MetricLearning.Checkpoint, not an inference model"
                    write [ "format", "MetricLearning.InferenceModel"; "version", "2" ]
                    refuses "is of version 2 of its format; this library reads version 1"
                    Safetensors.Save(path, [| struct ("weights", torch.ones 3L) |], [])
                    refuses "checksum"
                    File.WriteAllText(path, "no model")
                    refuses "no readable safetensors file"
                    File.Delete path
                    use model = new InferenceModel(trunk, embedder)
                    Expect.throwsT<FileNotFoundException> (fun () -> model.Load path) "no file")
            }

            test "any byte that was changed, and any length that was cut" {
                inFolder (fun path ->
                    saved path |> ignore
                    let bytes = File.ReadAllBytes path
                    let random = Random 5
                    use trunk = trunk ()
                    use embedder = embedder ()
                    use model = new InferenceModel(trunk, embedder)
                    let before = partsOf [ trunk; embedder ]

                    let refused (changed: byte[]) what =
                        File.WriteAllBytes(path, changed)
                        Expect.throwsT<InvalidDataException> (fun () -> model.Load path) what
                        Expect.throwsT<InvalidDataException> (fun () -> model.LoadKnnFunc path) what

                    for _ in 1..150 do
                        let changed = Array.copy bytes
                        let place = random.Next bytes.Length
                        changed[place] <- changed[place] ^^^ byte (1 <<< random.Next 8)
                        refused changed $"byte {place}"

                    for _ in 1..50 do
                        let length = random.Next bytes.Length
                        refused bytes[.. length - 1] $"{length} bytes"

                    Expect.equal (partsOf [ trunk; embedder ]) before "nothing was changed"
                    Expect.equal model.IndexCount 0L "nor an index taken")
            }

            test "an index that was made otherwise" {
                inFolder (fun path ->
                    saved path |> ignore
                    use trunk = trunk ()
                    use model = new InferenceModel(trunk)
                    throws<ArgumentException> "normalizeEmbeddings = False" (fun () -> model.LoadKnnFunc path)
                    model.Save path
                    throws<InvalidDataException> "has no index" (fun () -> model.LoadKnnFunc path))
            }
        ]
