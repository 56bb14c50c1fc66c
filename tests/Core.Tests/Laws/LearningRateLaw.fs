/// A search for a learning rate leaves its run as it was.
module MetricLearning.Core.Tests.Laws.LearningRateLaw

open System
open System.Threading
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Records

let private brief =
    LearningRateSearch(Lowest = 1e-4, Highest = 1.0, Iterations = 12)

let private step (session: Session) =
    session.Step CancellationToken.None |> Seq.iter ignore

/// All that can be seen of a session from outside.
let private seen (session: Session) =
    let modules = [ for handle in session.Handles.Modules -> handle ]

    {|
        State = Snapshot.ofSession session
        Modules = Snapshot.ofModules session.Handles
        Users = Snapshot.generator ()
        Modes =
            [
                for handle in modules do
                    for layer in handle.Modules -> layer.training
            ]
        Gradients =
            [
                for group in session.Handles.Groups do
                    for parameter in group.Parameters ->
                        parameter.requires_grad,
                        match parameter.grad with
                        | null -> "none"
                        | gradient -> Snapshot.bitsOf gradient
            ]
        Rates =
            [
                for _, handle in session.Handles.Optimizers do
                    match handle with
                    | OptimizerHandle.Mirrored optimizer -> [ for group in optimizer.ParamGroups -> group.LearningRate ]
                    | _ -> []
            ]
    |}

// At any event, and then on to the same end.
let private leavesAsItWas (search: Session -> unit) (subject: Subject) (settings: Settings) (number: int) =
    let expected =
        use session = Subject.start subject settings
        Drive.train session 3 Drive.quietly
        Snapshot.ofSession session

    use session = Subject.start subject settings

    Drive.train session 3 (fun event _ ->
        if event % 7 = number % 7 then
            let before = seen session
            search session
            Expect.equal (seen session) before $"event {event}")

    Expect.equal (Snapshot.ofSession session) expected "the end"

let private usersRate =
    testCase "a rate that was written into a TorchSharp optimizer goes on to rule" (fun () ->
        let settings =
            { Settings.rich with
                TorchOptimizers = true
            }

        let result looks =
            use session = Subject.start Subject.metricLossOnly settings
            step session

            match snd session.Handles.Optimizers[0] with
            | OptimizerHandle.Mirrored optimizer ->
                for group in optimizer.ParamGroups do
                    group.LearningRate <- 0.003
            | _ -> ()

            if looks then
                session.FindLearningRate brief |> ignore

            step session
            Snapshot.ofSession session

        Expect.equal (result true) (result false) "two steps")

let private chosen =
    testCase "only the rates of the optimizers that are named rise" (fun () ->
        use session = Subject.start Subject.metricLossOnly Settings.rich

        let search =
            LearningRateSearch(Iterations = 10, Optimizers = [| "embedder_optimizer" |])

        let curve = session.FindLearningRate search
        let all = session.FindLearningRate(LearningRateSearch(Iterations = 10))
        Expect.equal (List.ofSeq curve.Optimizers) [ "embedder_optimizer" ] "its name"
        Expect.equal all.Optimizers.Count 3 "all"
        Expect.equal curve.Points[0].Loss all.Points[0].Loss "the first loss is that of the state"
        Expect.notEqual (Seq.last curve.Points).Loss (Seq.last all.Points).Loss "then they part"

        Expect.throwsC
            (fun () ->
                session.FindLearningRate(LearningRateSearch(Optimizers = [| "trunk" |]))
                |> ignore)
            (fun error -> Expect.stringContains error.Message "\"trunk_optimizer\"" "those that there are"))

let private diverges =
    testCase "it ends where the loss diverges, and the run is well" (fun () ->
        // Embeddings of any length, whose distances have no bound.
        let loss = new ContrastiveLoss(Distance = LpDistance(normalizeEmbeddings = false))

        let options =
            SmallRuns.optionsOf
                [ Keys.Trunk, SmallRuns.linear 6L 4L ]
                [ "trunk_optimizer", PureOptimizer.SGD 0.1 ]
                (SmallRuns.data ())

        use session =
            SmallRuns.session (RunOptions(options, LossFuncs = LossFuncs(MetricLoss = loss)))

        let before = seen session

        let search =
            LearningRateSearch(Lowest = 1e-3, Highest = 1e6, Iterations = 40, Smoothing = 0.0)

        let curve = session.FindLearningRate search
        Expect.isTrue curve.HasDiverged "it diverged"
        Expect.isLessThan curve.Points.Count 40 "before the end"
        Expect.equal (seen session) before "the run"
        step session)

let private refusals =
    [
        for name, make in
            [
                "Lowest", (fun () -> LearningRateSearch(Lowest = 0.0))
                "Highest", (fun () -> LearningRateSearch(Highest = nan))
                "Iterations", (fun () -> LearningRateSearch(Iterations = 9))
                "Smoothing", (fun () -> LearningRateSearch(Smoothing = 1.0))
                "StopAt", (fun () -> LearningRateSearch(StopAt = 1.0))
            ] do
            test $"{name} is named" {
                Expect.throwsC (fun () -> make () |> ignore) (fun error ->
                    Expect.equal (error :?> ArgumentException).ParamName name error.Message)
            }
        test "rates that do not rise" {
            use session = Subject.start Subject.metricLossOnly Settings.rich

            Expect.throwsT<ArgumentException>
                (fun () ->
                    session.FindLearningRate(LearningRateSearch(Lowest = 1.0, Highest = 0.1))
                    |> ignore)
                "refused"
        }
        test "an optimizer that keeps its slots to itself" {
            use session =
                TorchRuns.withOptimizers
                    TorchRuns.settings
                    (TorchRuns.torchOptimizer TorchRuns.asgd [ Keys.Trunk; Keys.Embedder ])
                |> TorchRuns.prepare
                |> Session.Start

            Expect.throwsC (fun () -> session.FindLearningRate brief |> ignore) (fun error ->
                Expect.stringContains error.Message "keeps its slots to itself" "the message")

            step session
        }
        test "a search that is cancelled" {
            use session = Subject.start Subject.metricLossOnly Settings.rich
            let before = seen session

            Expect.throwsT<OperationCanceledException>
                (fun () -> session.FindLearningRate(brief, CancellationToken true) |> ignore)
                "cancelled"

            Expect.equal (seen session) before "the run"
        }
        test "a search that fails" {
            let trap = Trap()
            let options = Subject.metricLossOnly.Options Settings.rich trap
            use session = Session.Start(Setup.prepare Subject.metricLossOnly.Recipe options)
            step session
            let before = seen session

            trap.OnVisit <-
                fun place ->
                    if place = Place.Embedder then
                        invalidOp "no"

            Expect.throws (fun () -> session.FindLearningRate brief |> ignore) "it fails"
            trap.OnVisit <- ignore
            Expect.equal (seen session) before "the run"
        }
    ]

let tests =
    testList
        "finding a learning rate"
        [
            LawChecks.law
                12
                "leaves the run as it was"
                (leavesAsItWas (fun session -> session.FindLearningRate brief |> ignore))

            for name, search in
                [
                    "steps of the run itself", step
                    "modes that stay", (fun session -> session.Handles.Binding.SetEvaluation())
                    "gradients that are dropped", (fun session -> Effects.clearGradients session.Handles.Groups)
                ] do
                LawChecks.isFalsified name (fun () -> leavesAsItWas search Subject.metricLossOnly Settings.rich 1)
            usersRate
            chosen
            LearningRateCurveTests.tests
            diverges
            testList "refusals" refusals
        ]
