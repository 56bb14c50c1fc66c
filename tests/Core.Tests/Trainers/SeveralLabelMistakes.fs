/// What does not go with rows of labels is refused at construction, and the advice helps.
module MetricLearning.Core.Tests.Trainers.SeveralLabelMistakes

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.RandomBatches
open MetricLearning.Core.Tests.Support.SeveralLabels
open MetricLearning.Core.Tests.Support.SeveralLabelRuns

let private mistakesOf (recipe: Recipe) (options: RunOptions) : string list =
    try
        (Session.Start(Setup.prepare recipe options)).Dispose()
        []
    with :? SetupException as error ->
        List.ofSeq error.Mistakes

let private ofRows (change: RunOptions -> RunOptions) =
    mistakesOf MetricLossOnly.recipe (plain [ Keys.MetricLoss, contrastive any ] [] (rowsOf (labels ())) |> change)

let private refused (words: string) (mistakes: string list) =
    Expect.stringContains (List.exactlyOne mistakes) words "the advice"

let tests =
    testList
        "mistakes with several classes a sample"
        [
            test "what does not go with rows of labels is refused, and the advice helps" {
                use _ = torch.NewDisposeScope()
                let rows = rowsOf (labels ())
                Expect.isEmpty (ofRows id) "rows alone"

                ofRows (fun options -> RunOptions(options, LabelHierarchyLevel = 0))
                |> refused "leave LabelHierarchyLevel out"

                ofRows (fun options -> RunOptions(options, SetMinLabelToZero = true, DatasetLabels = rows))
                |> refused "leave SetMinLabelToZero out"

                let mined (comparison: LabelComparison) =
                    ofRows (fun options ->
                        RunOptions(
                            options,
                            MiningFuncs = MiningFuncs.Of [ Keys.TupleMiner, multiSimilarity comparison :> obj ]
                        ))

                mined LabelComparison.Equal |> refused "set LabelComparison of both"
                Expect.isEmpty (mined any) "of both"

                mistakesOf MetricLossOnly.recipe (plain [ Keys.MetricLoss, contrastive any ] [] (labels ()))
                |> refused "leave LabelComparison out"

                let levels = rows * 2L.ToScalar()

                let own =
                    LabelComparison.Own(Func<_, _, _>(fun x y -> (x.eq y).all -1L), readsRows = true)

                mistakesOf MetricLossOnly.recipe (plain [ Keys.MetricLoss, contrastive any ] [] levels)
                |> refused "use LabelComparison.Own"

                mistakesOf MetricLossOnly.recipe (plain [ Keys.MetricLoss, contrastive own ] [] levels)
                |> fun none -> Expect.isEmpty none "a comparison of levels"
            }

            test "a classifier has one class a sample" {
                use _ = torch.NewDisposeScope()

                let options (loss: torch.nn.Module) =
                    let options =
                        plain [ Keys.MetricLoss, contrastive any; Keys.ClassifierLoss, loss ] [] (rowsOf (labels ()))

                    options.Models.Add(Keys.Classifier, net 5L)
                    options

                mistakesOf TrainWithClassifier.recipe (options (torch.nn.CrossEntropyLoss()))
                |> refused "use MetricLossOnly, or a loss module of your own"

                let own =
                    { new torch.nn.Module<Tensor, Tensor, Tensor>("Own") with
                        override _.forward(scores, rows) =
                            torch.nn.functional.binary_cross_entropy_with_logits (scores, rows.to_type scores.dtype)
                    }

                trained TrainWithClassifier.recipe (options own) |> ignore
            }

            test "nobody doubts columns that are read" {
                use _ = torch.NewDisposeScope()

                let run =
                    Setup.prepare
                        MetricLossOnly.recipe
                        (plain [ Keys.MetricLoss, contrastive any ] [] (rowsOf (labels ())))

                (Session.Start run).Dispose()
                Expect.isEmpty run.Warnings "no warning"
            }

            test "samplers by class say what they need" {
                use _ = torch.NewDisposeScope()

                Expectations.throws<ArgumentException> "need no sampler by class" (fun () ->
                    MPerClassSampler(rowsOf (labels ()), 2) |> ignore)
            }
        ]
