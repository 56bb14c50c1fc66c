/// Averages of weights in 16 bits.
module MetricLearning.Core.Tests.Laws.AverageTypes

open System.Threading
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support

let private inSixteenBits =
    testCase "weights in 16 bits are averaged in 32" (fun () ->
        let script = BareRuns.script ()

        let options =
            RunOptions(
                BareRuns.options torch.bfloat16 (fun _ -> PureOptimizer.SGD 0.01) 1.0 script,
                WeightAveraging = WeightAveraging.Exponential(0.99, warmUp = false)
            )

        let run = Setup.prepare MetricLossOnly.recipe options
        use _ = Session.Start run
        use last = Run.steps run 30 run.State
        use averaged = last.Averaged()
        let average = nonNull last.Learned.Average.Groups[0]
        Expect.equal average.Tensor.dtype torch.float32 "the average"
        Expect.equal averaged.Learned.Groups[0].Weights.Tensor.dtype torch.bfloat16 "and what is made of it"

        // A hundredth of a step of 0.005 is nothing in bfloat16.
        let moved = Weights.values average.Tensor |> Array.head
        let live = Weights.values last.Learned.Groups[0].Weights.Tensor |> Array.head
        Expect.isLessThan live moved "behind the weights"
        Expect.isLessThan moved 0.995 "and moving"

        Expect.isLessThan
            (abs ((Weights.values averaged.Learned.Groups[0].Weights.Tensor).[0] - moved))
            0.005
            "rounded")

let private keepsWhatWasWritten =
    testCase "what a hook wrote into rounded weights is not lost" (fun () ->
        let trained looks =
            let options =
                RunOptions(
                    BareRuns.options torch.bfloat16 (fun _ -> PureOptimizer.SGD 0.01) 1.0 (BareRuns.script ()),
                    Precision = Precision.BFloat16,
                    WeightAveraging = WeightAveraging.Exponential 0.9
                )

            use session = Session.Start(Setup.prepare MetricLossOnly.recipe options)

            let step () =
                session.Step CancellationToken.None |> Seq.iter ignore

            step ()
            step ()

            for parameter in session.Handles.Groups[0].Parameters do
                use written = torch.full_like (parameter, 3.0.ToScalar())
                Effects.overwrite parameter written

            if looks then
                session.WhileAveraged(fun () -> ())

            step ()
            use state = session.Take()
            Weights.values state.Learned.Groups[0].Weights.Tensor

        Expect.equal (trained true) (trained false) "the next step starts there"
        Expect.isGreaterThan (Array.max (trained true)) 2.5 "from what was written")

let tests = testList "in 16 bits" [ inSixteenBits; keepsWhatWasWritten ]
