/// What cannot compare labels in a way says so, and its advice helps.
module MetricLearning.Core.Tests.Metric.LabelMistakeTests

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.RandomBatches
open MetricLearning.Core.Tests.Support.SeveralLabels

let private any = LabelComparison.AnyInCommon

let private byRow = Func<Tensor, Tensor, Tensor>(fun x y -> (x.eq y).all -1L)

let private five = Nullable 5

let private refused (advice: string) (act: unit -> unit) = throws<ArgumentException> advice act

let tests =
    testList
        "mistakes of comparisons"
        [
            for name, make in losses any five do
                test name {
                    use _ = torch.NewDisposeScope()

                    if refusing.Contains name then
                        refused "leave" (fun () -> (make ()).Dispose())
                        // The advice.
                        (snd (EveryPart.losses |> List.find (fst >> (=) name)) ()).Dispose()
                    else
                        (make ()).Dispose()
                }

            test "a boundary for each class" {
                refused "leave that out" (fun () ->
                    new MarginLoss(learnBeta = true, numClasses = 4, LabelComparison = any)
                    |> ignore)

                (new MarginLoss(learnBeta = true, LabelComparison = any)).Dispose()
            }

            test "weights of classes" {
                use _ = torch.NewDisposeScope()
                let weights () = ClassWeightedReducer(torch.ones 5L)

                refused "another reducer" (fun () ->
                    new ContrastiveLoss(LabelComparison = any, Reducer = weights ()) |> ignore)

                refused "another reducer" (fun () ->
                    new ContrastiveLoss(Reducer = weights (), LabelComparison = any) |> ignore)

                (new ContrastiveLoss(Reducer = MeanReducer(), LabelComparison = any)).Dispose()
            }

            test "labels of another shape" {
                use _ = torch.NewDisposeScope()
                let labels = vector EveryPart.packagedLabels
                let rows = rowsOf labels
                let plain () = new ContrastiveLoss()

                let ofRows () =
                    new ContrastiveLoss(LabelComparison = any)

                refused "set LabelComparison" (fun () -> (plain ()).Compute(embeddings 1 12, rows) |> ignore)
                refused "leave LabelComparison out" (fun () -> (ofRows ()).Compute(embeddings 1 12, labels) |> ignore)
                refused "set LabelComparison" (fun () -> BatchHardMiner().Mine(embeddings 1 12, rows) |> ignore)
                (ofRows ()).Compute(embeddings 1 12, rows) |> ignore
                (plain ()).Compute(embeddings 1 12, labels) |> ignore
                BatchHardMiner(LabelComparison = any).Mine(embeddings 1 12, rows) |> ignore

                refused "LabelComparison.Own" (fun () ->
                    (ofRows ()).Compute(embeddings 1 12, rows * 2L.ToScalar()) |> ignore)

                (new ContrastiveLoss(LabelComparison = LabelComparison.Own(byRow, readsRows = true)))
                    .Compute(embeddings 1 12, rows * 2L.ToScalar())
                |> ignore
            }

            test "parts of one loss that read labels differently" {
                let rows () =
                    new ContrastiveLoss(LabelComparison = any)

                let plain () = new TripletMarginLoss()

                refused "LabelComparison of both" (fun () ->
                    new MultipleLosses([ rows () :> Loss; plain () ]) |> ignore)

                refused "LabelComparison of both" (fun () ->
                    new MultipleLosses([ rows () :> Loss ], miners = [ BatchHardMiner() :> Miner ])
                    |> ignore)

                refused "LabelComparison of both" (fun () ->
                    new CrossBatchMemory(rows (), 5, miner = BatchHardMiner(), labelColumns = five)
                    |> ignore)

                refused "give labelColumns" (fun () -> new CrossBatchMemory(rows (), 5) |> ignore)

                refused "leave labelColumns out" (fun () ->
                    new CrossBatchMemory(plain (), 5, labelColumns = five) |> ignore)

                refused "leave that out" (fun () -> new SelfSupervisedLoss(rows ()) |> ignore)

                (new CrossBatchMemory(rows (), 5, miner = BatchHardMiner(LabelComparison = any), labelColumns = five))
                    .Dispose()

                (new SelfSupervisedLoss(new ContrastiveLoss())).Dispose()
            }

            test "rows of another width than those remembered" {
                use _ = torch.NewDisposeScope()

                use memory =
                    new CrossBatchMemory(new ContrastiveLoss(LabelComparison = any), 5, labelColumns = Nullable 4)

                refused "labels of 4 columns" (fun () ->
                    memory.Compute((embeddings 1 12).``to`` torch.float32, several ()) |> ignore)
            }

            test "a comparison that is none" {
                for share in [ 0.0; -0.1; 1.5; nan ] do
                    refused "above 0" (fun () -> LabelComparison.Jaccard share |> ignore)

                refused "at most atLeast" (fun () -> LabelComparison.Jaccard(0.3, Nullable 0.4) |> ignore)

                let wrong = LabelComparison.Own(Func<_, _, _>(fun x _ -> x))

                throws<InvalidOperationException> "The label comparison" (fun () ->
                    LabelMasks.compared wrong (vector [ 1; 2 ]) null |> ignore)
            }

            test "it is set where a part is made" {
                use _ = torch.NewDisposeScope()
                let miner = BatchHardMiner()
                miner.Mine(embeddings 1 12, vector EveryPart.packagedLabels) |> ignore
                throws<InvalidOperationException> "set it where" (fun () -> miner.LabelComparison <- any)
                use loss = new ContrastiveLoss()
                loss.Compute(embeddings 1 12, vector EveryPart.packagedLabels) |> ignore
                throws<InvalidOperationException> "set it where" (fun () -> loss.LabelComparison <- any)
            }
        ]
