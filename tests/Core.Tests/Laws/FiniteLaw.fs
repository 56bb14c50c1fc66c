/// Law 12 in training: gradients, weights, slots and buffers that are not finite never become state.
module MetricLearning.Core.Tests.Laws.FiniteLaw

open System
open System.IO
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Optimizers
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.SmallRuns

/// A mishap in the third iteration, which is number 2, as the message names it, and the weights that runs start with, in parts of the largest
/// number; of 1 where it is None.
type private Mishap =
    {
        Name: string
        Says: string
        Start: float option
        Rate: float option
        Strike: BareRuns.Script -> unit
    }

let private largest (dtype: ScalarType) : float =
    match dtype with
    | torch.ScalarType.Float16 -> float Half.MaxValue
    | torch.ScalarType.BFloat16 -> float (BitConverter.Int32BitsToSingle 0x7F7F0000)
    | torch.ScalarType.Float32 -> float Single.MaxValue
    | _ -> Double.MaxValue

// Of the last parameter that steps, so that others could already have been written.
let private inLast number (script: BareRuns.Script) =
    script.Gradients[1] <- fun index -> Some(if index = 19 then number else 0.5)

let private mishaps: Mishap list =
    [
        for number in [ nan; infinity; -infinity ] do
            {
                Name = $"a gradient of {number}"
                Says = "its gradient for \"embedder.weight\""
                Start = None
                Rate = None
                Strike = inLast number
            }
        {
            Name = "a step beyond the largest number"
            Says = "embedder_optimizer"
            Start = Some 1.0
            Rate = Some 0.1
            Strike = fun script -> script.Gradients[1] <- fun _ -> Some 1.0
        }
        {
            Name = "a buffer of NaN"
            Says = "\"embedder.count\""
            Start = None
            Rate = None
            Strike = fun script -> script.Buffer <- nan
        }
    ]

// Weights as large as can be only move when they are struck.
let private good (mishap: Mishap) : BareRuns.Script =
    let script = BareRuns.script ()

    if mishap.Start.IsSome then
        script.Gradients <- [| (fun _ -> None); (fun _ -> None) |]

    script

let private refusal (session: Session) : string option =
    try
        step session
        None
    with :? NotFiniteNumberException as error ->
        Some error.Message

let private refuses (dtype: ScalarType) isWhole make (mishap: Mishap) : unit =
    let made script =
        BareRuns.options
            dtype
            (make (mishap.Rate |> Option.map ((*) (largest dtype))))
            (mishap.Start |> Option.map ((*) (largest dtype)) |> Option.defaultValue 1.0)
            script

    let expected =
        use session = session (made (good mishap))

        for _ in 1..4 do
            step session

        Snapshot.ofSession session

    let script = good mishap
    use session = session (made script)
    step session
    step session
    let before = Snapshot.ofSession session
    let shown = Snapshot.ofModules session.Handles
    mishap.Strike script

    match refusal session with
    | None ->
        // Some rules get by with the largest numbers in some types.
        Expect.isSome mishap.Start "the step was taken"
        use state = session.Take()

        for group, after in Array.zip session.Handles.Groups state.Learned.Groups do
            for vector in Array.append [| after.Weights |] after.Slots do
                Expect.all (Magnitude.ofSlots group.Layout vector.Tensor) Double.IsFinite "all numbers are finite"
    | Some message ->
        for part in [ mishap.Says; "iteration 3"; "Nothing was changed" ] do
            Expect.stringContains message part "the message"

        Expect.equal (Snapshot.ofSession session) before "the state"
        Expect.equal (Snapshot.ofModules session.Handles) shown "the modules"

        if isWhole then
            use taken = session.Take()

            Expect.throwsT<NotFiniteNumberException>
                (fun () -> (Iteration.step MetricLossOnly.recipe session.Handles taken).Dispose())
                "a state that is borrowed"

            Expect.equal (Snapshot.ofState taken) before "the state that was borrowed"

        let again = good mishap
        script.Gradients <- again.Gradients
        script.Buffer <- again.Buffer

        if isWhole then
            step session
            step session
            Expect.equal (Snapshot.ofSession session) expected "training goes on as if nothing had happened"

let private ofOptimizers =
    [
        for dtype in MagnitudeTests.dtypes do
            for name, isWhole, make in BareRuns.optimizers do
                for mishap in mishaps ->
                    testCase $"{mishap.Name}: {name} in {dtype}" (fun () -> refuses dtype isWhole make mishap)
    ]

let private saved =
    testCase "no checkpoint of a step that was refused" (fun () ->
        Folders.using (fun folder ->
            let script = BareRuns.script ()
            let made = BareRuns.options torch.float32 (fun _ -> adam) 1.0 script
            let checkpoints = CheckpointOptions(Folder = folder, EveryIterations = Nullable 1)
            use session = session (RunOptions(made, Checkpoints = checkpoints))

            let files () =
                Directory.GetFiles folder
                |> Array.map (fun file -> file, Convert.ToHexString(File.ReadAllBytes file))

            step session
            let before = files ()
            inLast nan script
            Expect.throwsT<NotFiniteNumberException> (fun () -> step session) "it is refused"
            Expect.equal (files ()) before "the folder"))

let private half =
    testCase "Adam in float16, whose eps is 0 there, says so instead of making NaN" (fun () ->
        let made = optionsOf [] [] (data ())
        let trunk = torch.nn.Linear(RunParts.features, 4L)
        trunk.``to`` torch.float16 |> ignore

        let options =
            RunOptions(
                made,
                Models = Models(Trunk = trunk),
                Optimizers = Optimizers(Trunk = AnyOptimizer.Torch(torch.optim.Adam(trunk.parameters (), 1e-3))),
                Dtype = Nullable torch.float16
            )

        use session = session options

        let refusals = List.init 10 (fun _ -> refusal session) |> List.choose id
        Expect.isNonEmpty refusals "it is refused"
        Expect.all refusals _.Contains("eps = 1E-08 is 0 in Float16") "and says why"

        for handle in session.Handles.Modules do
            for parameter in handle.Module.parameters () do
                Expect.isTrue (parameter.isfinite().all().ToBoolean()) "weights")

let private masks =
    testCase "buffers that hold infinity on purpose may" (fun () ->
        let script = BareRuns.script ()
        script.Buffer <- -infinity
        let made = BareRuns.options torch.float32 (fun _ -> adam) 1.0 script

        for network in made.Models.Present |> List.map snd do
            for buffer in network.buffers () do
                buffer[1L] <- torch.tensor (-infinity, dtype = torch.float32)

        use session = session made
        step session
        step session
        Expect.equal session.Progress.Steps 2L "steps")

let private written =
    testCase "weights that a hook broke are not stepped" (fun () ->
        let made = BareRuns.options torch.float32 (fun _ -> adam) 1.0 (BareRuns.script ())
        use session = session made
        step session

        for parameter in (nonNull made.Models.Embedder).parameters() do
            use _ = torch.no_grad ()
            parameter[3L] <- torch.tensor (nan, dtype = torch.float32)

        Expect.throwsT<NotFiniteNumberException> (fun () -> step session) "refused")

let private alone =
    testCase "batch norm of a single row is named" (fun () ->
        let trunk =
            torch.nn.Sequential(
                layer "first" (linear RunParts.features 4L),
                layer "norm" (torch.nn.BatchNorm1d 4L),
                layer "last" (linear 4L 4L)
            )

        let made = optionsOf [ Keys.Trunk, trunk ] [ "trunk_optimizer", adam ] (data ())

        use session =
            session (
                RunOptions(
                    made,
                    LossFuncs = LossFuncs(MetricLoss = new ArcFaceLoss(RunParts.classes, 4)),
                    Sampler = AnySampler.Batches [ [| 3L |] ]
                )
            )

        let before = Snapshot.ofSession session

        match refusal session with
        | Some message ->
            Expect.stringContains message "trunk.norm.running_var" "the buffer"
            Expect.stringContains message "no variance of a single row" "the cause"
        | None -> failtest "the step was taken"

        Expect.equal (Snapshot.ofSession session) before "the state")

let tests =
    testList "12 broken numbers stay out, in training" [ yield! ofOptimizers; saved; half; masks; written; alone ]
