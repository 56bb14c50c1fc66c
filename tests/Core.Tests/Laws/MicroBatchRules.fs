/// What micro-batches must do beside coming to the same step.
module MetricLearning.Core.Tests.Laws.MicroBatchRules

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Mishaps
open MetricLearning.Core.Tests.Support.MicroRuns
open MetricLearning.Core.Tests.Support.SmallRuns

let private size = 5
let private parts = 3 // of batches of twelve

/// The samples that a network is given, call by call.
let private calls (inner: torch.nn.Module<Tensor, Tensor>) : torch.nn.Module<Tensor, Tensor> * ResizeArray<int64> =
    let seen = ResizeArray()

    { new torch.nn.Module<Tensor, Tensor>("Counted") with
        override this.forward input =
            seen.Add(input.size 0)
            inner.call input
    },
    seen

let private trained (frozen: string list) (size: int) (loss: torch.nn.Module) =
    let inner = linear RunParts.features RunParts.size
    let trunk, seen = calls inner
    trunk.register_module ("inner", inner)

    let options =
        RunOptions(
            optionsOf
                [ Keys.Trunk, trunk ]
                [
                    if not (Seq.isEmpty (loss.parameters ())) then
                        "metric_loss_optimizer", adam
                    if frozen.IsEmpty then
                        "trunk_optimizer", adam
                ]
                (data ()),
            LossFuncs = LossFuncs(MetricLoss = loss),
            FreezeThese = frozen
        )

    use session = session (withSize size options)
    step session
    List.ofSeq seen

let private arcFace () =
    new ArcFaceLoss(RunParts.classes, int RunParts.size)

let private passes =
    testList
        "how often networks are called"
        [
            testCase "twice for each micro-batch, none of which is larger than asked for" (fun () ->
                Expect.equal (trained [] size (new NTXentLoss())) [ 4; 4; 4; 4; 4; 4 ] "parts as even as can be"
                Expect.equal (trained [] 11 (new NTXentLoss())) [ 6; 6; 6; 6 ] "no sample is left alone")

            testCase "once where they are frozen" (fun () ->
                Expect.equal (trained [ Keys.Trunk ] size (arcFace ())) [ 4; 4; 4 ] "the loss alone learns")

            testCase "once where the batch is no larger" (fun () ->
                Expect.equal (trained [] RunParts.batchSize (arcFace ())) [ 12 ] "the whole batch"
                Expect.equal (trained [] Int32.MaxValue (arcFace ())) [ 12 ] "the whole batch")
        ]

/// A network whose output depends on how often it was called: a buffer that it writes.
type private Counting() as this =
    inherit torch.nn.Module<Tensor, Tensor>("Counting")
    let layer = linear RunParts.features 4L
    let count = torch.zeros(1L).DetachFromDisposeScope()

    do
        this.register_module ("layer", layer)
        this.register_buffer ("count", count)
        this.``to`` ScalarType.Float64 |> ignore

    override _.forward input =
        let count = this.get_buffer "count" |> nonNull
        let output = (layer.call input) * (count + 1.0)

        if this.training then
            use _ = torch.no_grad ()
            count.add_ (1.0.ToScalar()) |> ignore

        output

let private written =
    testList
        "what a forward pass writes"
        [
            testCase "it writes once, and the second pass sees what the first one saw" (fun () ->
                let run (cut: RunOptions -> RunOptions) =
                    use _ = torch.manual_seed 8L

                    Setup.prepare
                        MetricLossOnly.recipe
                        (RunOptions(
                            cut (optionsOf [ Keys.Trunk, new Counting() ] [ "trunk_optimizer", adam ] (data ())),
                            Dtype = Nullable ScalarType.Float64
                        ))

                // Where the graph is one, parts are called one after the other, too.
                let recipe =
                    let rows (ctx: Context) (batch: Batch) : Rows =
                        let made = MicroBatches.cut (Some size) batch |> Array.map (Embedding.embed ctx)

                        {
                            Tensors = [| torch.cat ([| for part in made -> part.Embeddings |], 0L) |]
                            Labels = batch.Labels
                        }

                    { MetricLossOnly.recipe with
                        Halves = Halves.cut rows MetricLossOnly.recipe.Halves.Whole
                    }

                expectSameSteps 3 { run id with Recipe = recipe } (run (withSize size)))

            testCase "an embedding with max_norm" (fun () ->
                let words =
                    torch.tensor (
                        [|
                            for index in 0L .. RunParts.samples - 1L -> (index * 3L + index / 5L) % 10L
                        |]
                    )

                let run (cut: RunOptions -> RunOptions) =
                    use _ = torch.manual_seed 8L
                    let trunk = torch.nn.Embedding(10L, 4L, max_norm = 0.3)
                    trunk.``to`` torch.float64 |> ignore

                    Setup.prepare
                        MetricLossOnly.recipe
                        (RunOptions(
                            cut (optionsOf [ Keys.Trunk, trunk ] [ "trunk_optimizer", adam ] (words.alias ())),
                            LossFuncs = LossFuncs(MetricLoss = new NTXentLoss())
                        ))

                expectSameSteps 3 (run id) (run (withSize size)))
        ]

/// The trunk fails at one of its calls: in a micro-batch of the first pass or of the second.
let private failsAt (call: int) (subject: Subject) (settings: Settings) =
    let settings =
        { settings with
            MicroBatchSize = Some size
        }

    let expected =
        use session =
            Session.Start(Setup.prepare subject.Recipe (options subject settings (Trap())))

        Drive.train session 1 Drive.quietly
        Snapshot.ofSession session

    let trap = Trap()

    use session =
        Session.Start(Setup.prepare subject.Recipe (options subject settings trap))

    step session
    let before = Snapshot.ofSession session
    let shown = Snapshot.ofModules session.Handles
    let users = Snapshot.generator ()
    let mutable calls = 0

    trap.OnVisit <-
        fun place ->
            if place = Place.Forward then
                calls <- calls + 1

                if calls = call then
                    invalidOp "as the user says it"

    Expect.throwsC (fun () -> step session) (fun error ->
        match error with
        | :? PartException as error ->
            Expect.stringStarts error.Part "Models[\"trunk\"]" "the part"
            Expect.stringContains error.Message "epoch 1, iteration 2: as the user says it" "the place and the words"
        | error -> failtest $"{error}")

    trap.OnVisit <- ignore
    Expect.equal (Snapshot.ofSession session) before "the state"
    Expect.equal (Snapshot.ofModules session.Handles) shown "what modules show"
    Expect.equal (Snapshot.generator ()) users "the user's stream"
    Drive.train session 1 Drive.quietly
    Expect.equal (Snapshot.ofSession session) expected "a run that went on"

let private failures =
    testList
        "a failure in any of them leaves the state before"
        [
            for subject in [ Subject.metricLossOnly; Subject.allPhases ] do
                for call in 1 .. 2 * parts do
                    testCase $"{subject.Name}, call {call}" (fun () ->
                        failsAt
                            call
                            subject
                            { Settings.rich with
                                Subset = false
                                Schedule = ScheduleSetting.ByIteration
                            })
        ]

let private resumed =
    LawChecks.lawAt
        { Settings.rich with
            Float64 = true
            BatchNorm = false
            Dropout = false
            AsSamples = true
        }
        "a checkpoint goes on with other micro-batches"
        (fun subject settings ->
            let start (cut: RunOptions -> RunOptions) =
                subject.Options settings (Trap())
                |> RunParts.inFloat64
                |> cut
                |> Setup.prepare subject.Recipe

            let whole = start id
            use session = Session.Start whole
            use first = Session.Start(start (withSize 3))
            use second = Session.Start(start (withSize 7))

            for _ in 1..2 do
                step session
                step first

            Places.withPath (fun path ->
                first.SaveCheckpoint path
                second.ResumeFrom path)

            for _ in 1..2 do
                step session
                step second

            use expected = session.Take()
            use found = second.Take()
            expectNear whole expected found "after the resume")

let tests =
    testList "micro-batches" [ passes; written; failures; resumed; MicroBatchCrossing.tests ]
