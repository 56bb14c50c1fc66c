/// Networks whose weights have 16 bits: the state keeps them in 32.
module MetricLearning.Core.Tests.Trainers.RoundedWeightTests

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support

/// The sum of embeddings: the gradient of each number is 1.
type private Sum() =
    inherit torch.nn.Module<Tensor, Tensor, Tensor>("Sum")
    override _.forward(embeddings, _) = embeddings.sum ()

let private options (dtype: ScalarType) (precision: Precision) : RunOptions =
    use _ = torch.manual_seed 3L
    let trunk = torch.nn.Linear(RunParts.features, 4L)
    trunk.``to`` dtype |> ignore

    RunOptions(
        Models = Models(Trunk = trunk),
        LossFuncs = LossFuncs(MetricLoss = new Sum()),
        // By far too small for the last digit of 16 bits.
        Optimizers = Optimizers(Trunk = PureOptimizer.SGD(1e-7)),
        BatchSize = RunParts.batchSize,
        Dataset = TrainingData.FromTensors(SmallRuns.data (), SmallRuns.labels ()),
        DataloaderNumWorkers = 0,
        Dtype =
            Nullable(
                if precision = Precision.Float32 then
                    dtype
                else
                    ScalarType.Float32
            ),
        Precision = precision,
        Seed = 4L
    )

let private shownBy (session: Session) : Tensor list =
    [
        for parameter in session.Handles.Networks[Keys.Trunk].Handle.Module.parameters() -> parameter.detach().clone()
    ]

/// The weights before and after steps, and how many steps were taken.
let private trained (made: RunOptions) (steps: int) : float[] * float[] * int64 =
    use session = SmallRuns.session made

    let weights () =
        use state = session.Take()
        Expectations.floats state.Learned.Groups[0].Weights.Tensor

    let start = weights ()

    for _ in 1..steps do
        SmallRuns.step session

    start, weights (), Progress.stepsTaken session.Progress

let private movedBy (made: RunOptions) (steps: int) : float[] =
    let start, now, taken = trained made steps

    Array.map2 (fun now start -> (now - start) / float taken) now start
    |> Array.filter ((<>) 0.0)

let private kinds =
    [
        ScalarType.BFloat16, Precision.BFloat16
        ScalarType.Float16, Precision.Float16
    ]

let private small (dtype: ScalarType, precision: Precision) =
    testCase $"steps smaller than the last digit of {dtype} add up" (fun () ->
        let expected = movedBy (options ScalarType.Float32 Precision.Float32) 20
        let found = movedBy (options dtype precision) 20
        Expect.hasLength found expected.Length "all weights move"

        Expect.all
            (Array.zip found expected)
            (fun (found, expected) -> abs (found - expected) < 0.1 * abs expected)
            "as far as in float32")

let private lost =
    testCase "seen to fail: without, the same steps add up to nothing" (fun () ->
        Expect.isEmpty (movedBy (options ScalarType.BFloat16 Precision.Float32) 20) "weights of bfloat16")

let private shows (dtype: ScalarType, precision: Precision) =
    testCase $"modules show the state's weights, rounded to {dtype}" (fun () ->
        use _ = torch.NewDisposeScope()
        use session = SmallRuns.session (options dtype precision)

        let check (when': string) =
            use state = session.Take()
            let group = session.Handles.Groups[0]
            Expect.isTrue group.IsRounded "it is rounded"

            for slot, shown in Seq.zip group.Layout.Slots (shownBy session) do
                let kept = Layout.view slot state.Learned.Groups[0].Weights.Tensor
                Expect.equal kept.dtype ScalarType.Float32 "what is kept"
                Expect.equal (Snapshot.bitsOf (kept.to_type dtype)) (Snapshot.bitsOf shown) when'

        check "at the start"
        use before = session.Take()
        SmallRuns.step session
        check "after a step"
        SmallRuns.step session
        session.Resume before
        check "of a state that is taken up again")

let private written (dtype: ScalarType, precision: Precision) =
    testCase $"what a hook writes into weights of {dtype} is where the next step starts" (fun () ->
        use _ = torch.NewDisposeScope()
        use session = SmallRuns.session (options dtype precision)
        SmallRuns.step session
        use before = session.Take()
        let kept = Expectations.floats before.Learned.Groups[0].Weights.Tensor

        let weight =
            Seq.head (session.Handles.Networks[Keys.Trunk].Handle.Module.parameters())

        do
            use _ = torch.no_grad ()
            weight[0L, 0L] <- torch.tensor(0.75).``to`` dtype

        SmallRuns.step session
        use after = session.Take()
        let now = Expectations.floats after.Learned.Groups[0].Weights.Tensor
        Expect.isLessThan (abs (now[0] - 0.75)) 1e-3 "what was written"

        for index in 1 .. now.Length - 1 do
            Expect.isLessThan (abs (now[index] - kept[index])) 1e-4 "others keep their digits")

let private givenBack =
    testCase "a trainer that is disposed leaves weights of their own type" (fun () ->
        let made = options ScalarType.BFloat16 Precision.BFloat16
        let session = SmallRuns.session made
        SmallRuns.step session
        use _ = torch.NewDisposeScope()
        let shown = shownBy session |> List.map Snapshot.bitsOf
        session.Dispose()

        let parameters = List.ofSeq ((nonNull made.Models.Trunk).parameters())
        Expect.equal (parameters |> List.map Snapshot.bitsOf) shown "the same numbers"
        Expect.all parameters (fun parameter -> parameter.dtype = ScalarType.BFloat16) "the type")

let private unwarned =
    testCase "an eps that float16 does not hold is no doubt where steps are in float32" (fun () ->
        let warnings (precision: Precision) =
            let made =
                RunOptions(options ScalarType.Float16 precision, Optimizers = Optimizers(Trunk = SmallRuns.adam))

            (Setup.prepare MetricLossOnly.recipe made).Warnings
            |> List.filter _.Contains("eps")

        Expect.hasLength (warnings Precision.Float32) 1 "in 16 bits"
        Expect.isEmpty (warnings Precision.Float16) "in 32")

let tests =
    testList
        "weights of 16 bits"
        [
            yield! List.map small kinds
            lost
            yield! List.map shows kinds
            yield! List.map written kinds
            givenBack
            unwarned
        ]
