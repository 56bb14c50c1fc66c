/// Accuracies without matches, metrics and searches of one's own, and refusals.
module MetricLearning.Core.Tests.Evaluation.AccuracyEdgeTests

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.Neighbourhoods
open MetricLearning.Core.Tests.Support.AccuracyCases

let tests =
    testList
        "accuracies of extremes"
        [
            test "mean_reciprocal_rank alone" {
                use _ = torch.NewDisposeScope()

                let rank =
                    RetrievalMetric.documented
                    |> List.filter (fun metric -> metric.Name = "mean_reciprocal_rank")

                let query = torch.tensor (array2D [ [ 0.0 ]; [ 1.0 ]; [ 1.5 ] ])
                let found = self (only rank) query [| 1L; 2L; 1L |]
                near 0.5 found.Values["mean_reciprocal_rank"].Value "second place, twice"
                Expect.equal found.Values.Count 1 "nothing else"
            }

            test "every query is lone: NaN, and a warning" {
                use _ = torch.NewDisposeScope()

                for count in [ (null: AnyK | null); AnyK.MaxBinCount; AnyK.AtMost 1L ] do
                    let found = self { neighbours with K = count } (whole 1 3 2) [| 1L; 2L; 3L |]

                    for name, _ in meanings do
                        Expect.isTrue (Double.IsNaN found.Values[name].Value) name

                    Expect.stringContains (Seq.exactlyOne found.Warnings) "NaN" "the warning"
            }

            test "labels stay 64-bit integers" {
                use _ = torch.NewDisposeScope()
                let query = torch.tensor (array2D [ [ 0.0 ]; [ 1.0 ]; [ 5.0 ]; [ 6.0 ] ])

                for big in [ 16777216L; 9007199254740992L; Int64.MaxValue - 1L ] do
                    let labels = [| big; big + 1L; big; big + 1L |]

                    let found =
                        self
                            { neighbours with
                                Averaging = Averaging.PerClass
                            }
                            query
                            labels

                    near 0.0 found.Values["precision_at_1"].Value "two classes"
                    Expect.equal found.Values["precision_at_1"].ByClass[1].Label (string (big + 1L)) "their names"
            }

            test "k below R is told" {
                use _ = torch.NewDisposeScope()
                let query = whole 1 8 2
                let labels = Array.replicate 8 1L

                let found = self { neighbours with K = AnyK.AtMost 3L } query labels

                Expect.stringContains (Seq.exactlyOne found.Warnings) "k is 3, but up to 7" "the warning"
                Expect.isEmpty (self neighbours query labels).Warnings "all of them"
            }

            test "a metric of one's own sees hits, R, distances, rows and labels" {
                use _ = torch.NewDisposeScope()
                let query = torch.tensor (array2D [ [ 0.0 ]; [ 1.0 ]; [ 3.0 ]; [ 10.0 ] ])

                let metric =
                    RetrievalMetric(
                        "nearest_distance",
                        fun found ->
                            Expect.equal (found.Matches.shape) [| 3L; 3L |] "every other sample, but no lone query"
                            Expect.equal (numbers found.Relevant) [| 2L; 2L; 2L |] "R"
                            Expect.equal (numbers (found.Indices.select (1L, 0L))) [| 1L; 0L; 1L |] "rows"
                            Expect.equal (numbers found.Labels) [| 4L; 4L; 4L |] "labels"
                            found.Distances.select (1L, 0L)
                    )

                let found = self (only [ metric ]) query [| 4L; 4L; 4L; 9L |]
                near (6.0 / 3.0) found.Values["nearest_distance"].Value "squared: 1, 1 and 4"

                let wrong = RetrievalMetric("wrong", fun found -> found.Distances)

                throws<InvalidOperationException> "\"wrong\"" (fun () ->
                    self (only [ wrong ]) query [| 4L; 4L; 4L; 9L |] |> ignore)
            }

            test "neighbours of one's own, all at once" {
                use _ = torch.NewDisposeScope()

                let backwards =
                    { new KnnFunc() with
                        override _.Search(query, k, _, _) =
                            let row = torch.arange (2L, 2L - k, -1L)
                            new Neighbours(torch.zeros (query.size 0, k), row.expand(query.size 0, k).clone())
                    }

                let options =
                    { neighbours with
                        Knn = backwards
                        K = AnyK.AtMost 1L
                    }

                let found =
                    calculate options (whole 1 2 2) [| 7L; 8L |] (whole 2 3 2) [| 7L; 7L; 8L |] false

                near 0.5 found.Values["precision_at_1"].Value "the last row"

                let none =
                    { new KnnFunc() with
                        override _.Search(query, _, _, _) =
                            new Neighbours(
                                torch.zeros (query.size 0, 0L),
                                torch.zeros (query.size 0, 0L, dtype = torch.int64)
                            )
                    }

                throws<InvalidOperationException> "must return" (fun () ->
                    self { neighbours with Knn = none } (whole 1 4 2) [| 1L; 1L; 2L; 2L |] |> ignore)
            }

            test "clusters of one's own" {
                use _ = torch.NewDisposeScope()
                let labels = [| 1L; 1L; 2L; 2L |]
                let asked = ref 0

                let options =
                    { AccuracyOptions.defaults with
                        Metrics = [||]
                        KMeans =
                            Func<_, _, _>(fun _ count ->
                                asked.Value <- count
                                torch.tensor labels)
                    }

                let found = self options (whole 1 4 2) labels
                near 1.0 found.Values["AMI"].Value "AMI"
                near 1.0 found.Values["NMI"].Value "NMI"
                Expect.equal asked.Value 2 "as many as classes"

                let short =
                    { options with
                        KMeans = Func<_, _, _>(fun _ _ -> torch.ones (3L, dtype = torch.int64))
                    }

                throws<InvalidOperationException> "vector of 4" (fun () -> self short (whole 1 4 2) labels |> ignore)
            }

            test "names narrow what is calculated, and unknown ones are refused" {
                let all = AccuracyOptions.all [||] [| 5L |]

                let narrow include' exclude =
                    AccuracyOptions.narrow [||] all (Array.ofList include') (Array.ofList exclude)

                Expect.equal (narrow [] []).Length 8 "seven, and recall at 5"
                Expect.equal (narrow [ "NMI"; "recall_at_9" ] []) [| "NMI"; "recall_at_9" |] "included"
                Expect.equal (narrow [ "NMI"; "AMI" ] [ "NMI" ]) [| "AMI" |] "excluded"
                throws<ArgumentException> "\"foo\"" (fun () -> narrow [ "foo" ] [] |> ignore)
                throws<ArgumentException> "\"recall_at_0\"" (fun () -> narrow [] [ "recall_at_0" ] |> ignore)

                for name in [ "NMI"; "precision_at_1"; "recall_at_3" ] do
                    throws<ArgumentException> "another name" (fun () ->
                        AccuracyOptions.all [| RetrievalMetric(name, fun found -> found.Relevant) |] [||]
                        |> ignore)
            }

            test "what does not fit is refused in words" {
                use _ = torch.NewDisposeScope()
                let query = whole 1 4 2
                let labels = [| 1L; 1L; 2L; 2L |]

                let refused text act =
                    throws<ArgumentException> text (act >> ignore)

                refused "4 embeddings and 3 labels" (fun () -> self neighbours query labels[..2])
                refused "labels of references" (fun () -> calculate neighbours query labels null labels false)
                refused "without labels" (fun () -> calculate neighbours query labels query null false)

                refused "first 4 rows" (fun () ->
                    calculate neighbours query labels (whole 2 6 2) [| 1L; 1L; 2L; 2L; 1L; 1L |] true)

                refused "no embeddings" (fun () -> self neighbours (torch.empty (0L, 2L)) [||])

                refused "one per sample" (fun () ->
                    AccuracyCalculation.calculate
                        neighbours
                        query
                        (torch.ones (4L, 2L, dtype = torch.int64))
                        null
                        null
                        false)

                let within =
                    Func<Tensor, Tensor, Tensor>(fun x y -> (x - y).abs().le(1L.ToScalar()))

                refused "exclude them" (fun () ->
                    AccuracyOptions.withMetrics
                        [||]
                        [ "NMI" ]
                        { AccuracyOptions.defaults with
                            LabelComparison = LabelComparison.Own within
                        })

                let row = Func<Tensor, Tensor, Tensor>(fun x _ -> x)

                throws<InvalidOperationException> "label comparison" (fun () ->
                    self
                        { neighbours with
                            LabelComparison = LabelComparison.Own row
                        }
                        query
                        labels
                    |> ignore)
            }

            testSequenced
            <| test "nothing stays, and nobody's random numbers are drawn" {
                let query = whole 1 30 3
                let labels = Array.init 30 (fun row -> int64 (row % 4))
                use state = torch.random.get_rng_state ()
                let before = liveTensors ()
                let given = torch.tensor labels

                AccuracyCalculation.calculate AccuracyOptions.defaults query given null null false
                |> ignore

                Expect.equal (liveTensors ()) (before + 1L) "the labels"
                use after = torch.random.get_rng_state ()
                Expect.isTrue (after.Equals state) "the generator"
                given.Dispose()
                query.Dispose()
            }
        ]
