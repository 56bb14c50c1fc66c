/// Testers: principal components, losses and names of records.
module MetricLearning.Core.Tests.Evaluation.TesterOptionTests

open System
open System.Collections.Generic
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.Neighbourhoods
open MetricLearning.Core.Tests.Support.TesterCases

let tests =
    testList
        "options of testers"
        [
            test "principal components: of the references, in order, with signs that are fixed" {
                use _ = torch.NewDisposeScope()
                let data = random 1 50 4 * torch.tensor [| 5.0f; 1.0f; 0.0f; 2.0f |]
                let data = data + data.narrow (1L, 0L, 1L)
                let pca = Pca.Fit(data, 3)
                let found = pca.Project data
                let again = (Pca.Fit(data * 3.0 + 7.0, 3)).Project(data * 3.0 + 7.0)
                Expect.isTrue (found.allclose (again, 1e-3, 1e-3)) "scales and offsets of columns do not count"
                Expect.isFalse (found.isnan().any().item<bool>()) "nor does a column that says nothing new"
                let centred = found - found.mean [| 0L |]
                let covariance = centred.t().mm centred
                let variances = covariance.diagonal().data<float32>().ToArray()
                Expect.equal variances (Array.sortDescending variances) "largest first"

                let offDiagonal =
                    (covariance - torch.diag (covariance.diagonal ())).abs().max().item<float32>()

                Expect.isLessThan offDiagonal (1e-3f * variances[0]) "uncorrelated"
                let flat = Pca.Fit(torch.ones (5L, 2L), 1)

                Expect.equal
                    (floats (flat.Project(torch.ones (5L, 2L))))
                    (Array.zeroCreate 5)
                    "columns that do not vary"

                throws<ArgumentException> "1 to 4" (fun () -> Pca.Fit(data, 5) |> ignore)

                throws<ArgumentException> "at least two samples" (fun () ->
                    Pca.Fit(data.narrow (0L, 0L, 1L), 1) |> ignore)
            }

            test "a query is projected as its references are" {
                use _ = torch.NewDisposeScope()
                let one, other = dataset 1 fine, dataset 2 fine

                let options = TestOptions(AccuracyCalculator = calculator, Pca = 3)

                let found =
                    evaluate options (datasets [ "train", one; "val", other ]) [| SplitToEval("val", [| "train" |]) |]

                let pca = Pca.Fit(raw one, 3)

                let seen data =
                    torch.nn.functional.normalize (pca.Project(raw data))

                same (direct neighbours (seen other) fine (seen one) fine false) "_level0" found["val"]
            }

            test "losses: the mean over batches, on what the networks make" {
                use _ = torch.NewDisposeScope()
                let data = dataset 1 fine
                let loss: Loss = new ContrastiveLoss()

                let losses = Dictionary [ KeyValuePair("metric_loss", loss) ]

                let options (batchSize: int) =
                    TestOptions(AccuracyCalculator = calculator, LossFuncs = losses, BatchSize = batchSize)

                let found = evaluate (options 32) (datasets [ "val", data ]) null
                let value = valueOf found "metric_loss"

                // One batch: its order does not matter.
                let expected = loss.Compute(raw data, torch.tensor fine).ToDouble()
                Expect.floatClose Expecto.Accuracy.medium value expected "of the whole split"

                let again () =
                    valueOf (evaluate (options 7) (datasets [ "val", data ]) null) "metric_loss"

                Expect.equal (again ()) (again ()) "every time the same"
            }

            test "names of records" {
                let describe (options: TestOptions) =
                    Tester(EmbeddingSpace.Global, options).Description()

                Expect.equal (describe (first ())) "accuracies_normalized_GlobalEmbeddingSpaceTester_level_0" "usual"

                let all =
                    TestOptions(
                        Pca = 3,
                        UseTrunkOutput = true,
                        AccuracyCalculator = AccuracyCalculator(avgOfAvgs = true)
                    )

                Expect.equal
                    (describe all)
                    "accuracies_pca3_normalized_trunk_GlobalEmbeddingSpaceTester_level_0_avg_of_avgs"
                    "everything"

                let group prefix split =
                    RecordNames.group prefix "accuracies" split

                Expect.equal (group null (SplitToEval "val")) "accuracies_VAL_vs_self" "itself"

                Expect.equal
                    (group "first" (SplitToEval("val", [| "val"; "train" |])))
                    "first_accuracies_VAL_vs_TRAIN_and_VAL"
                    "others"
            }
        ]
