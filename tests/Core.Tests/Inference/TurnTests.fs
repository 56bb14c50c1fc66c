/// Models on several threads that share networks: one at a time.
module MetricLearning.Core.Tests.Inference.TurnTests

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.EmbeddingNetworks
open MetricLearning.Core.Tests.Support.Meetings
open MetricLearning.Core.Tests.Support.AskedModels

let tests =
    testList
        "take turns"
        [
            test "a layer that models and a trainer share is used by one at a time" {
                use _ = torch.NewDisposeScope()
                torch.manual_seed 1L |> ignore
                let crowd = Crowd()
                let data = data 16L
                let shared = doing crowd.Visit :> torch.nn.Module<Tensor, Tensor>
                let around () = new Doing(ignore, [ shared ])
                let session = trainer (around ()) (classes data)
                let models = [ for _ in 1..3 -> used (around ()) data ]

                together
                    [
                        for model in models @ models do
                            fun () ->
                                for _ in 1..200 do
                                    ask model data ()
                        fun () ->
                            for _ in 1..50 do
                                SmallRuns.step session
                    ]

                Expect.equal crowd.Most 1 "the most at once"
            }

            test "models that share layers in every order come to an end" {
                use _ = torch.NewDisposeScope()
                torch.manual_seed 1L |> ignore
                let data = data 4L

                let layers =
                    [
                        for _ in 1..4 -> torch.nn.Linear(features, features) :> torch.nn.Module<Tensor, Tensor>
                    ]

                let models =
                    [
                        for one in layers do
                            for other in layers do
                                if one <> other then
                                    used (new Doing(ignore, [ one; other ])) data
                    ]

                let drawing = used (new Doing(ignore, [ drawing () ])) data
                let before = models |> List.map (fun model -> bitsOf (model.GetEmbeddings data))

                together
                    [
                        for first in 0..3 .. models.Length - 1 do
                            fun () ->
                                for _ in 1..20 do
                                    for model in models[first..] @ models[.. first - 1] do
                                        ask model data ()
                        fun () ->
                            for _ in 1..200 do
                                ask drawing data ()
                    ]

                Expect.equal
                    (models |> List.map (fun model -> bitsOf (model.GetEmbeddings data)))
                    before
                    "the same bits"
            }

            test "two networks that ask for each other in the middle of a pass are refused, and do not hang" {
                use _ = torch.NewDisposeScope()
                torch.manual_seed 1L |> ignore
                let data = data 4L
                let meeting = Meetings.Meeting(2, IsOn = false)
                let others: (InferenceModel | null)[] = [| null; null |]

                let models =
                    [|
                        for number in 0..1 do
                            let asks () =
                                if meeting.IsOn then
                                    meeting.Come()
                                    ask (nonNull others[1 - number]) data ()

                            used (doing asks) data
                    |]

                Array.iteri (fun number model -> others[number] <- model) models
                meeting.IsOn <- true
                let refused = ref 0

                together
                    [
                        for model in models do
                            fun () ->
                                try
                                    ask model data ()
                                with :? InvalidOperationException as error ->
                                    Expect.stringContains error.Message "wait for each other" "why"
                                    Threading.Interlocked.Increment refused |> ignore
                    ]

                Expect.equal refused.Value 1 "one of the two"
                ask models[0] data ()
            }
        ]
