/// Steps whose gradients overflow in float16: which, and what becomes of them.
module MetricLearning.Core.Tests.Trainers.LossScaleTests

open System
open System.Threading
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Trainers.SteepRuns

let private skipped =
    testCase "an iteration that overflows moves nothing, and halves the scale" (fun () ->
        use session = SmallRuns.session (options 8.0)
        let first = Snapshot.ofSession session
        let shown = Snapshot.ofModules session.Handles
        Expect.equal session.Progress.LossScale (Some LossScale.start) "before the first"

        for number in 1..skips do
            let events = eventsOf session
            Expect.equal (List.truncate 3 events) [ "backward"; "skip"; "end_of_iteration_hook" ] "its events"
            let now = Snapshot.ofSession session
            Expect.equal now.Vectors first.Vectors $"weights, slots and buffers after {number}"
            Expect.equal now.Counts first.Counts "step counts"
            Expect.equal (Snapshot.ofModules session.Handles) shown "what modules show"
            Expect.equal now.Progress.Steps (int64 number) "it counts as an iteration"
            Expect.equal now.Progress.SkippedSteps (int64 number) "and as skipped"
            Expect.isTrue (Double.IsFinite now.Progress.Losses[Keys.TotalLoss]) "its loss"

            Expect.equal
                now.Progress.LossScale
                (Some
                    {
                        Factor = LossScale.First / 2.0 ** float number
                        GoodSteps = 0
                    })
                "the scale"

        Expect.isTrue (List.contains "step:trunk_optimizer" (eventsOf session)) "then it fits"
        let now = Snapshot.ofSession session
        Expect.notEqual now.Vectors first.Vectors "and moves weights"
        Expect.equal now.Progress.SkippedSteps (int64 skips) "skipped"

        Expect.equal now.Progress.LossScale (Some { Factor = 4096.0; GoodSteps = 1 }) "the scale")

let private schedules =
    testCase "schedules by iteration wait for a step, those by epoch do not" (fun () ->
        use session = SmallRuns.session (options 8.0)

        for _ in 1..9 do
            SmallRuns.step session

        let progress = session.Progress

        let count (moves: Moves) =
            progress.Schedules[Keys.schedulerOf Keys.Trunk moves].Count

        Expect.equal (count Moves.ByIteration) (int64 (9 - skips)) "by iteration"
        Expect.equal (count Moves.ByEpoch) 3L "by epoch"
        Expect.equal (Progress.stepsTaken progress) (int64 (9 - skips)) "what schedules of weight decay count")

let private stepsOf (make: float -> RunOptions) (precision: Precision) (count: int) (factor: float) =
    use session = SmallRuns.session (RunOptions(make factor, Precision = precision))

    for _ in 1..count do
        SmallRuns.step session

    use state = session.Take()
    let group = session.Handles.Groups[0]

    use weights =
        Layout.view group.Layout.Slots[0] state.Learned.Groups[0].Weights.Tensor

    Expectations.floats weights

let private unscaled =
    testCase "what moves weights is the gradient of the loss itself" (fun () ->
        let withSgd factor =
            RunOptions(
                options factor,
                Optimizers = Optimizers(Trunk = PureOptimizer.SGD 0.01),
                LrSchedulers = LrSchedulers()
            )

        // No step is skipped: 2⁻⁴ × 2¹⁶ is 2¹².
        let narrow = stepsOf withSgd Precision.Float16 3 0.0625
        let full = stepsOf withSgd Precision.Float32 3 0.0625
        Array.iter2 (fun found expected -> Expect.isLessThan (abs (found - expected)) 1e-5 "a weight") narrow full)

let private tiny =
    testCase "gradients that float16 would round to 0 are not lost" (fun () ->
        // 2⁻³⁰ is 0 in float16, but not times 2¹⁶.
        let withSgd factor =
            RunOptions(
                options factor,
                Optimizers = Optimizers(Trunk = PureOptimizer.SGD 1e6),
                LrSchedulers = LrSchedulers()
            )

        let factor = 2.0 ** -30.0
        let start = stepsOf withSgd Precision.Float32 0 factor
        let full = stepsOf withSgd Precision.Float32 1 factor
        let narrow = stepsOf withSgd Precision.Float16 1 factor

        for index in 0 .. start.Length - 1 do
            let expected = full[index] - start[index]
            let found = narrow[index] - start[index]
            Expect.isLessThan (abs (found - expected)) (0.05 * abs expected + 1e-6) "how far a weight moves")

let private clippers =
    testCase "clippers are given the gradient of the loss itself, and none that overflows" (fun () ->
        let largest = ResizeArray<float>()
        let mutable parameters: Modules.Parameter list = []

        let clip () =
            for parameter in parameters do
                largest.Add((nonNull parameter.grad).abs().max().ToDouble())

        let made =
            RunOptions(options 8.0, GradientClippers = GradientClippers.Of [ Keys.clipperOf Keys.Trunk, Action clip ])

        parameters <- List.ofSeq ((nonNull made.Models.Trunk).parameters())
        use session = SmallRuns.session made
        let first = Snapshot.ofSession session

        for _ in 1..skips do
            SmallRuns.step session

        Expect.isEmpty largest "it is not called in iterations that are skipped"
        Expect.equal (Snapshot.ofSession session).Vectors first.Vectors "which move nothing"
        SmallRuns.step session
        Expect.hasLength largest 1 "it is called"
        // Of 12 rows.
        Expect.isLessThan largest[0] (8.0 * 12.0) "not scaled")

let private floor =
    testCase "gradients that overflow at the smallest scale are refused, with advice" (fun () ->
        use session = SmallRuns.session (options (2.0 ** 17.0))

        for _ in 1..16 do
            SmallRuns.step session

        Expect.equal session.Progress.SkippedSteps 16L "skipped"
        Expect.equal (session.Progress.LossScale |> Option.map _.Factor) (Some LossScale.Least) "the scale"
        let before = Snapshot.ofSession session

        Expectations.throws<NotFiniteNumberException> "use Precision.BFloat16 or Float32" (fun () ->
            SmallRuns.step session)

        Expect.equal (Snapshot.ofSession session) before "the state")

let private overflowingInside =
    testCase "a forward pass that overflows is refused, with advice" (fun () ->
        let made = options 1.0

        let trunk =
            new EmbeddingNetworks.Function("large", fun input -> input * (1e7).ToScalar())

        let network =
            torch.nn.Sequential(
                SmallRuns.layer "first" (torch.nn.Linear(RunParts.features, RunParts.features)),
                SmallRuns.layer "large" trunk
            )

        use session =
            SmallRuns.session (RunOptions(made, Models = Models(Trunk = network), LrSchedulers = LrSchedulers()))

        let before = Snapshot.ofSession session

        Expectations.throws<NotFiniteNumberException> "Precision.Float16 end at 65,504" (fun () ->
            SmallRuns.step session)

        Expect.equal (Snapshot.ofSession session) before "the state")

let private borrowed =
    testCase "a state that is stepped by a function is left as it is, skipped or not" (fun () ->
        let run = Setup.prepare MetricLossOnly.recipe (options 8.0)
        use _ = Session.Start run
        let before = Snapshot.ofState run.State
        use one = Run.step run run.State
        use other = Run.step run run.State
        Expect.equal (Snapshot.ofState run.State) before "the state"
        Expect.equal (Snapshot.ofState one) (Snapshot.ofState other) "twice the same"
        Expect.equal one.SkippedSteps 1L "skipped"
        use session = Session.Start run
        use whole = Run.steps run 9 run.State

        for _ in 1..9 do
            SmallRuns.step session

        use state = session.Take()
        Expect.equal state.SkippedSteps whole.SkippedSteps "in place"

        Expect.equal
            [ for vector in state.Learned.Vectors -> Snapshot.bitsOf vector.Tensor ]
            [ for vector in whole.Learned.Vectors -> Snapshot.bitsOf vector.Tensor ]
            "and as a function")

let private noLeak =
    testCase "iterations that are skipped leave no tensor" (fun () ->
        use session = SmallRuns.session (options (2.0 ** 17.0))
        SmallRuns.step session
        Expectations.leavesNoTensors (fun () -> SmallRuns.step session))

let tests =
    testList
        "loss scale"
        [
            LossScaleRule.tests
            skipped
            schedules
            unscaled
            tiny
            clippers
            floor
            overflowingInside
            borrowed
            noLeak
            LossScaleRecords.tests
        ]
