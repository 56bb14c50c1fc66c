/// Classes by neighbours and centroids, and models with their items.
module MetricLearning.Core.Tests.Inference.ClassifyTests

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.EmbeddingNetworks
open MetricLearning.Core.Tests.Support.InferenceFiles
open MetricLearning.Core.Tests.Support.Indexes

let private rows (several: float32[] list) = torch.tensor (array2D several)

let private line (items: (string * float32) list) =
    let index =
        new NeighbourIndex(new ExactSearch(LpDistance(normalizeEmbeddings = false)))

    for place, (label, at) in List.indexed items do
        index.Add(IndexItem(number place, label), [| at; 0f |])

    index

let private one (several: System.Collections.Generic.IReadOnlyList<Classification>) =
    let found = several[0]
    found.Label, found.Confidence

let tests =
    testList
        "classes"
        [
            test "by votes within the threshold" {
                use _ = torch.NewDisposeScope()
                use index = line [ "a", 0f; "b", 1f; "b", 2f; "c", 5f; "a", 9f ]
                use classifier = new Classifier(index)
                let at (place: float32) = rows [ [| place; 0f |] ]
                Expect.equal (one (classifier.ByVotes(at 0f, 3))) ("b", 2.0 / 3.0) "most"
                Expect.equal (one (classifier.ByVotes(at 0f, 2))) ("a", 0.5) "of equally many, the nearest"
                Expect.equal (one (classifier.ByVotes(at 0f, 4, Nullable 1.5))) ("a", 0.25) "those in reach"
                Expect.equal (one (classifier.ByVotes(at 20f, 3, Nullable 1.5))) (null, 0.0) "unknown"
                Expect.isFalse (classifier.ByVotes(at 20f, 3, Nullable 1.5)).[0].IsKnown "unknown"
                Expect.equal (one (classifier.ByVotes(at 0f, 50))) ("a", 0.4) "k larger than the index"
            }

            test "by the nearest centroid, of the items as they are now" {
                use _ = torch.NewDisposeScope()
                use index = line [ "a", 0f; "a", 2f; "b", 7f ]
                use classifier = new Classifier(index)
                let at = rows [ [| 3f; 0f |] ]
                Expect.equal (one (classifier.ByCentroid at)) ("a", 4.0 / 6.0) "1 is nearer than 7"
                Expect.equal (one (classifier.ByCentroid(at, Nullable 1.5))) (null, 0.0) "unknown"
                index.Put(IndexItem(number 2, "b"), [| 3.5f; 0f |])
                Expect.equal (one (classifier.ByCentroid at)) ("b", 0.8) "it has moved"
                index.Remove [ number 2 ] |> ignore
                Expect.equal (one (classifier.ByCentroid at)) ("a", 1.0) "the only one"
                index.Remove [ number 0; number 1 ] |> ignore
                Expect.equal (one (classifier.ByCentroid at)) (null, 0.0) "none"
            }

            test "of another level, and without labels" {
                use _ = torch.NewDisposeScope()
                use index = new NeighbourIndex()
                index.Add(IndexItem(number 1, [| "cat"; "animal" |]), [| 1f; 0f |])
                index.Add(IndexItem(number 2), [| 1f; 0.1f |])
                use classifier = new Classifier(index, level = 1)
                let at = rows [ [| 1f; 0f |] ]
                Expect.equal (one (classifier.ByVotes(at, 2))) ("animal", 0.5) "one has no label"
                Expect.equal (one (classifier.ByCentroid at)) ("animal", 1.0) "no centroid without a label"
            }

            test "a model with its items: labels of data sets, one file, the model's threshold" {
                inFolder (fun path ->
                    use trunk = trunk ()
                    use embedder = embedder ()
                    use model = new InferenceModel(trunk, embedder, MatchFinder(threshold = 0.5))
                    use index = new NeighbourIndex()
                    use gallery = new Gallery(model, index)
                    let samples = data 12L
                    let words = [| for row in 0..11 -> $"class {row % 3}" |]

                    gallery.Add(
                        TrainingData.FromTensors(samples, words),
                        (fun row -> number row),
                        fun row -> $"{row}.png"
                    )

                    Expect.equal
                        [ for item in index.Items -> show item ]
                        [ for row in 0..11 -> $"{row} True class {row % 3} {row}.png" ]
                        "items"

                    let nearest = gallery.Search(samples, 1)
                    Expect.equal [ for found in nearest -> found[0].Id ] [ for row in 0..11 -> number row ] "itself"

                    Expect.equal
                        [ for found in gallery.Classify(samples, 1) -> found.Label ]
                        (List.ofArray words)
                        "its class"

                    Expect.all
                        (gallery.ClassifyByCentroid(samples, Nullable 1.5))
                        (fun found -> not found.IsKnown)
                        "no cosine is so large"

                    gallery.Put([ IndexItem(number 0, "other") ], samples.narrow (0L, 0L, 1L))
                    Expect.equal index.Count 12 "replaced"
                    gallery.Save path

                    let sameTrunk, sameEmbedder = others ()
                    use again = new InferenceModel(sameTrunk, sameEmbedder)
                    again.Load path
                    use loaded = NeighbourIndex.Load path
                    use both = new Gallery(again, loaded)

                    let results (gallery: Gallery) =
                        [ for several in gallery.Search(samples, 5) -> found several ]

                    Expect.equal (results both) (results gallery) "the same, bit for bit"
                    Expect.equal again.MatchFinder.Threshold (Nullable 0.5) "the threshold"

                    use euclidean = new NeighbourIndex(new ExactSearch(LpDistance()))
                    use wrong = new Gallery(model, euclidean)
                    throws<InvalidOperationException> "give a threshold" (fun () -> wrong.Classify samples |> ignore)
                    model.Save path

                    throws<System.IO.InvalidDataException> "has no items" (fun () ->
                        NeighbourIndex.Load path |> ignore))
            }
        ]
