/// Law 4: forks are strangers.
module MetricLearning.Core.Tests.Laws.ForkLaw

open System
open System.Threading
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support

let private steps (step: TrainingState -> TrainingState) (count: int) (state: TrainingState) =
    let mutable state = state.Share()

    for _ in 1..count do
        let next = step state
        (state :> IDisposable).Dispose()
        state <- next

    state

let private atRate (rate: float) (state: TrainingState) =
    { state.Share() with
        Progress =
            { state.Progress with
                Rates = state.Progress.Rates |> Map.map (fun _ rates -> Array.map (fun _ -> rate) rates)
            }
    }

/// One fork trains at another learning rate and is thrown away; the other is as if it had been alone.
let forksAreStrangers (step: Run -> TrainingState -> TrainingState) subject settings number =
    // TorchSharp's optimizers say the rates, and its schedulers cannot go back.
    let settings =
        { settings with
            TorchSchedulers = false
        }

    let prepared = Subject.prepare subject settings
    use _ = Session.Start prepared
    let step = step prepared
    use trunk = steps step (number % 3) prepared.State
    let before = Snapshot.ofState trunk

    let alone =
        use reference = steps step 3 trunk
        Snapshot.ofState reference

    // In float16 large weights make numbers inside networks that it does not hold.
    use hot =
        atRate (if settings.Precision = Precision.Float16 then 0.05 else 1.0) trunk

    use hotter = steps step 2 hot
    use one = steps step 1 trunk
    use hottest = steps step 1 hotter
    use three = steps step 2 one
    ignore hottest
    Expect.equal (Snapshot.ofState three) alone "the fork"
    Expect.equal (Snapshot.ofState trunk) before "what both come from"

/// Two sessions over one set of machines, their steps interleaved; both reuse the vectors of states nobody has.
let private sessionsInterleave subject settings number =
    let settings =
        { settings with
            TorchSchedulers = false
        }

    let prepared = Subject.prepare subject settings
    use first = Session.Start prepared
    use fork = first.Take()

    let alone =
        use session = Subject.start subject settings

        for _ in 1..4 do
            session.Step CancellationToken.None |> Seq.iter ignore

        Snapshot.ofSession session

    let second = new Session(prepared.Recipe, prepared.Handles, fork.Share(), true)
    let random = (Seed.ofInt64 (int64 number)).Random()
    let left = [| 4; 4 |]

    while left[0] + left[1] > 0 do
        let chosen = random.Next 2
        let chosen = if left[chosen] > 0 then chosen else 1 - chosen
        left[chosen] <- left[chosen] - 1

        (if chosen = 0 then first else second).Step CancellationToken.None
        |> Seq.iter ignore

    Expect.equal (Snapshot.ofSession first) alone "the first"
    Expect.equal (Snapshot.ofSession second) alone "the second"
    use last = second.Take()
    ignore last

let tests =
    testList
        "4 forks are strangers"
        [
            LawChecks.law
                25
                "whatever the other fork does"
                (forksAreStrangers (fun prepared -> Iteration.step prepared.Recipe prepared.Handles))

            for loss in RunParts.remembering do
                LawChecks.lawAt
                    { Settings.rich with Loss = loss }
                    $"with {fst RunParts.losses[loss]}"
                    (fun subject settings ->
                        forksAreStrangers
                            (fun prepared -> Iteration.step prepared.Recipe prepared.Handles)
                            subject
                            settings
                            2

                        sessionsInterleave subject settings 3)

            for settings in Settings.inHalf do
                LawChecks.lawAt settings $"in {Settings.precisionOf settings}" (fun subject settings ->
                    forksAreStrangers
                        (fun prepared -> Iteration.step prepared.Recipe prepared.Handles)
                        subject
                        settings
                        2

                    sessionsInterleave subject settings 3)

            LawChecks.law 25 "two sessions on one set of machines" sessionsInterleave

            LawChecks.law 10 "two trainers over the same modules" (fun subject settings _ ->
                // Each holds states of its own; which of them the modules show is a matter of who steps.
                // Optimizers of TorchSharp's are one for both; so would their rates be.
                let settings =
                    { settings with
                        TorchOptimizers = false
                    }

                let options = subject.Options { settings with Freeze = 0 } (Trap())
                use first = Session.Start(Setup.prepare subject.Recipe options)
                use second = Session.Start(Setup.prepare subject.Recipe options)

                use apart =
                    Session.Start(Setup.prepare subject.Recipe (subject.Options { settings with Freeze = 0 } (Trap())))

                for _ in 1..3 do
                    for session in [ first; second; apart; first ] do
                        session.Step CancellationToken.None |> Seq.iter ignore

                for _ in 1..3 do
                    for session in [ second; apart ] do
                        session.Step CancellationToken.None |> Seq.iter ignore

                Expect.equal (Snapshot.ofSession first) (Snapshot.ofSession second) "of the same modules"
                Expect.equal (Snapshot.ofSession first) (Snapshot.ofSession apart) "and alone")

            LawChecks.law 6 "two trainers on two threads" (fun subject settings _ ->
                let settings = { settings with Workers = 0 }

                let run () =
                    use session = Subject.start subject settings
                    Drive.train session 2 Drive.quietly
                    Snapshot.ofSession session

                let alone = run ()

                // Modules are made before the threads start: making them draws from the one generator there is.
                let sessions = [| for _ in 1..2 -> Subject.start subject settings |]

                let results =
                    sessions
                    |> Array.map (fun session ->
                        let result = Tasks.TaskCompletionSource<Snapshot>()

                        let thread =
                            Thread(fun () ->
                                try
                                    Drive.train session 2 Drive.quietly
                                    result.SetResult(Snapshot.ofSession session)
                                with error ->
                                    result.SetException error)

                        thread.Start()
                        result.Task)

                for result in results do
                    Expect.equal (result.GetAwaiter().GetResult()) alone "a run beside another"

                for session in sessions do
                    session.Dispose())

            LawChecks.law 4 "a trainer, and models that are asked on other threads" (fun subject settings _ ->
                let settings = { settings with Workers = 0 }

                let alone =
                    use session = Subject.start subject settings
                    Drive.train session 2 Drive.quietly
                    Snapshot.ofSession session

                use _ = torch.NewDisposeScope()
                use session = Subject.start subject settings
                let data = RunParts.data settings

                let noisy =
                    new EmbeddingNetworks.Function("noisy", fun input -> input + torch.randn_like input)

                let models =
                    [
                        new InferenceModel(noisy)
                        new InferenceModel(
                            RunParts.net settings RunParts.features RunParts.size,
                            precision = settings.Precision
                        )
                        new InferenceModel(
                            session.Handles.Networks[Keys.Trunk].Handle.Module,
                            precision = settings.Precision
                        )
                    ]

                let ask (model: InferenceModel) () = (model.GetEmbeddings data).Dispose()
                let isDone = ref false

                Meetings.together
                    [
                        for model in models do
                            fun () ->
                                ask model ()

                                while not (Volatile.Read &isDone.contents) do
                                    ask model ()
                        fun () ->
                            try
                                Drive.train session 2 Drive.quietly
                            finally
                                Volatile.Write(&isDone.contents, true)
                    ]

                Expect.equal (Snapshot.ofSession session) alone "a run beside models")

            testCase "by hand, with every mechanism on, the law holds" (fun () ->
                forksAreStrangers (ByHand.step []) Subject.metricLossOnly Settings.rich 2)

            for mechanism in [ Mechanism.FreshWeights; Mechanism.FreshSlots; Mechanism.FreshBuffers ] do
                LawChecks.isFalsified $"{mechanism}" (fun () ->
                    forksAreStrangers (ByHand.step [ mechanism ]) Subject.metricLossOnly Settings.rich 2)
        ]
