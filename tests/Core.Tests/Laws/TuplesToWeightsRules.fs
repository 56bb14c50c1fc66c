/// A sampler that looks at what networks have learned: it changes nothing, and its passes belong to states.
module MetricLearning.Core.Tests.Laws.TuplesToWeightsRules

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.SmallRuns

let private seed = Seed.ofInt64 5L

let private miner () =
    TripletMarginMiner(typeOfTriplets = TypeOfTriplets.Hard)

let private network () =
    torch.manual_seed 3L |> ignore

    torch.nn.Sequential(
        layer "linear" (linear RunParts.features RunParts.size),
        layer "norm" (torch.nn.BatchNorm1d RunParts.size),
        layer "dropout" (torch.nn.Dropout 0.5)
    )

let private samplerOf model subsetSize batchSize workers =
    let data = TrainingData.FromTensors(data (), labels ())
    TuplesToWeightsSampler(model, miner (), data, subsetSize, true, batchSize, workers)

let private sampler model (subsetSize: Nullable<int>) = samplerOf model subsetSize 7 0

let private rig () =
    let trunk = network ()

    let sampler = sampler trunk (Nullable RunParts.batchSize)

    let options =
        RunOptions(optionsOf [ Keys.Trunk, trunk ] [ "trunk_optimizer", adam ] (data ()), Sampler = sampler)

    sampler, Setup.prepare MetricLossOnly.recipe options

let tests =
    testList
        "a sampler that looks at weights"
        [
            test "a pass is a function of model, seed and number, whatever the workers" {
                use model = network ()

                for subset in [ Nullable(); Nullable 9 ] do
                    let draw workers pass =
                        let sampler = samplerOf model subset 7 workers

                        sampler.Pass(seed, pass) |> Seq.toArray

                    Expect.equal (draw 0 0L) (draw 0 0L) "again"
                    Expect.equal (draw 2 0L) (draw 0 0L) "with workers"
                    Expect.notEqual (draw 0 1L) (draw 0 0L) "another pass"
            }

            test "what no tuple holds has no weight and is never drawn" {
                use model = network ()
                let sampler = sampler model (Nullable 9)
                let drawn = sampler.Pass(seed, 0L) |> Seq.toArray
                use weights = sampler.Weights
                let weights = floats weights
                Expect.hasLength drawn 9 "as many as the subset"
                Expect.equal sampler.Length (Nullable 9L) "the length"

                Expect.isLessThanOrEqual
                    (weights |> Array.filter (fun weight -> weight > 0.0) |> Array.length)
                    9
                    "subset"

                Expect.equal (Array.max weights) 1.0 "relative to the likeliest"
                Expect.all drawn (fun sample -> weights[int sample] > 0.0) "drawn by weight"
            }

            testSequenced (
                test "modes, streams of random numbers and live tensors stay as they were" {
                    use model = network ()
                    let norm = Seq.item 1 (model.children ())
                    norm.eval ()

                    let modes () =
                        [ for layer in model.modules () -> layer.training ]

                    let before, generator = modes (), Snapshot.generator ()
                    let buffers = [ for buffer in model.buffers () -> Snapshot.bitsOf buffer ]
                    let sampler = sampler model (Nullable())
                    leavesNoTensors (fun () -> sampler.Pass(seed, 0L) |> ignore)
                    Expect.equal (modes ()) before "modes"
                    Expect.equal (Snapshot.generator ()) generator "libtorch's generator"
                    Expect.equal [ for buffer in model.buffers () -> Snapshot.bitsOf buffer ] buffers "statistics"
                }
            )

            test "steps are functions of their state, though every step draws a pass" {
                let sampler, prepared = rig ()
                use session = Session.Start prepared
                let handles = session.Handles

                let step state =
                    Iteration.step prepared.Recipe handles state

                use first = session.Take()
                use second = step first

                let weightsOf () =
                    (use weights = sampler.Weights in floats weights)

                let chosen = weightsOf ()
                let written = Snapshot.ofState second
                let mutable later = step second

                for _ in 1..5 do
                    let next = step later
                    (later :> IDisposable).Dispose()
                    later <- next

                Expect.notEqual (weightsOf ()) chosen "other weights, other tuples"
                use again = step first
                Expect.equal (Snapshot.ofState again) written "the same step"
                Expect.equal (weightsOf ()) chosen "drawn by what the state has learned"
                (later :> IDisposable).Dispose()
            }

            test "a pass that has begun is part of the state" {
                let _, prepared = rig ()
                use session = Session.Start prepared
                let order = session.Handles.Loader.Order
                let cursor = session.Progress.Cursor
                Expect.isFalse (order.IsDrawn cursor) "not before it begins"
                let drawn = order.Draw(seed, cursor)
                Expect.isTrue (order.IsDrawn drawn) "drawn"

                match drawn.PassMemory with
                | PassMemory.Indices indices ->
                    Expect.equal (order.Take(seed, drawn).Indices) indices "the batch"
                    Expect.equal (Cursor.ofNumbers (Cursor.toNumbers drawn)) drawn "written down"
                | other -> failtest $"{other}"
            }

            test "mistakes are named" {
                use model = network ()

                let refuses text subsetSize batchSize =
                    throws<ArgumentException> text (fun () -> samplerOf model subsetSize batchSize 0 |> ignore)

                refuses "subsetSize is 41, of 40 samples" (Nullable 41) 7
                refuses "subsetSize is 0" (Nullable 0) 7
                refuses "batchSize is 0" (Nullable()) 0
            }
        ]
