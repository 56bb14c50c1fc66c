/// What a loss or a miner cannot take in training names it, with the epoch and the iteration.
module MetricLearning.Core.Tests.Trainers.PartErrorTests

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.RandomBatches

let private refuses (recipe: Recipe) (message: string) (change: RunOptions -> unit) =
    let options =
        SmallRuns.optionsOf
            [ Keys.Trunk, SmallRuns.linear RunParts.features 3L ]
            [ "trunk_optimizer", SmallRuns.adam ]
            (SmallRuns.data ())

    change options
    use session = Session.Start(Setup.prepare recipe options)
    throws<PartException> message (fun () -> SmallRuns.step session)

let private plain (act: Tensor -> Tensor) =
    { new torch.nn.Module<Tensor, Tensor, Tensor>("Plain") with
        override _.forward(embeddings, _) = act embeddings
    }

/// It does not look at labels itself.
type private Blind(classes: int) =
    inherit WeightedLoss("Blind", "W", classes, 3, true)
    override _.Parts = [| "loss" |]
    override _.ComputeLoss _ = failtest "it was called"

/// Losses of two classes, where the labels go from 0 to 4.
let private ofClasses: (string * (unit -> torch.nn.Module)) list =
    [
        "scores", (fun () -> torch.nn.CrossEntropyLoss())
        "logarithms of scores", (fun () -> torch.nn.NLLLoss())
        "vectors of classes", (fun () -> new Blind 2)
        "among several losses", (fun () -> new MultipleLosses([ new ContrastiveLoss() :> Loss; new Blind 2 ]))
    ]

let tests =
    testList
        "errors of parts"
        [
            testCase "labels without a score" (fun () ->
                refuses
                    TrainWithClassifier.recipe
                    "LossFuncs[\"classifier_loss\"] (CrossEntropyLoss) failed in epoch 1, iteration 1: the labels go from 0 to 4, but there are scores of 3 classes, 0 to 2. Let the network put out 5, or set SetMinLabelToZero."
                    (fun options ->
                        options.Models.Add(Keys.Classifier, SmallRuns.linear 3L 3L)
                        options.LossFuncs.Add(Keys.ClassifierLoss, torch.nn.CrossEntropyLoss())))

            testCase "classes that a loss was not made for" (fun () ->
                refuses
                    MetricLossOnly.recipe
                    "LossFuncs[\"metric_loss\"] (ArcFaceLoss) failed in epoch 1, iteration 1: This loss was made for classes 0 to 1"
                    (fun options -> options.LossFuncs.MetricLoss <- new ArcFaceLoss(2, 3)))

            // On a GPU such a label would end the process's use of the device.
            for name, loss in ofClasses do
                testCase $"labels beyond the classes are refused before the loss is called: {name}" (fun () ->
                    let options =
                        SmallRuns.optionsOf
                            [ Keys.Trunk, SmallRuns.linear RunParts.features 3L ]
                            [ "trunk_optimizer", SmallRuns.adam ]
                            (SmallRuns.data ())

                    options.LossFuncs.MetricLoss <- loss ()
                    use session = SmallRuns.session options

                    Expect.throwsC (fun () -> SmallRuns.step session) (fun error ->
                        Expect.isTrue (error :? PartException) $"{error}"

                        Expect.equal
                            (nonNull(error.InnerException).GetType())
                            typeof<ArgumentException>
                            "not libtorch's"))

            testCase "a module that fails" (fun () ->
                refuses MetricLossOnly.recipe "LossFuncs[\"metric_loss\"] (plain" (fun options ->
                    options.LossFuncs.MetricLoss <- plain (fun rows -> rows.mm rows)))

            testCase "a miner that names samples that are none" (fun () ->
                refuses
                    MetricLossOnly.recipe
                    "failed in epoch 1, iteration 1: The indices of anchors go from 0 to 99, but the batch has 12 rows"
                    (fun options ->
                        options.MiningFuncs <-
                            MiningFuncs(
                                TupleMiner =
                                    { new Miner("Wild") with
                                        override _.MineTuples _ =
                                            let at = vector [ 0; 99 ]
                                            Tuples.Triplets(at, at, at)
                                    }
                            )))
        ]
