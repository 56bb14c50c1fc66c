/// Law 11, tiles: they change no step.
module MetricLearning.Core.Tests.Laws.TileLaw

open TorchSharp
open Expecto
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.MicroRuns

let private changeNoStep (subject: Subject) (settings: Settings) (number: int) =
    let settings =
        { Subject.apart subject settings with
            Float64 = true
            // Others divide gradients that are 0 but for rounding by hardly more.
            Optimizer = settings.Optimizer % 2
            // TorchSharp's schedulers cannot go back.
            TorchSchedulers = false
        }

    let prepare (memory: int64) =
        let options = subject.Options settings (Trap()) |> RunParts.inFloat64

        Setup.prepare subject.Recipe (RunParts.limited memory options)

    // Tiles of one anchor, and of some.
    let memories = [| 1L; 3000L; 10000L |]
    expectSameSteps 4 (prepare (1L <<< 40)) (prepare memories[number % 3])

let private untouched =
    test "what a loss learns has a gradient, if only of 0, where no anchor has a positive and a negative" {
        use _ = torch.NewDisposeScope()
        let places (rows: int64[]) = torch.tensor rows

        let tuples =
            Tuples.Pairs(places [| 0L |], places [| 1L |], places [| 2L |], places [| 3L |])

        for memory in [ 1L <<< 40; 1L ] do
            let loss = new MarginLoss(learnBeta = true, MaxMemory = memory)

            let embeddings =
                (torch.rand ([| 4L; 3L |], dtype = torch.float64)).requires_grad_ true

            loss.``to`` torch.float64 |> ignore
            loss.Compute(embeddings, torch.tensor [| 0L; 0L; 1L; 2L |], tuples).backward()
            let gradient = (Seq.head (loss.parameters ())).grad
            Expect.isFalse (isNull gradient) $"MaxMemory {memory}"
            Expect.equal ((nonNull gradient).abs().sum().item<float>()) 0.0 $"MaxMemory {memory}"
    }

let tests =
    testList "11 cuts do not matter: tiles" [ LawChecks.law 60 "of any size" changeNoStep; untouched ]
