/// Law 7: failure is atomic.
module MetricLearning.Core.Tests.Laws.FailureLaw

open System
open System.Threading
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Mishaps

/// A run that fails once, at the given iteration, and then goes on, ends as one that never failed.
let private failureIsAtomic (mishap: Mishap) (subject: Subject) (settings: Settings) (number: int) =
    let last = 3

    // Workers read ahead; they have a law of their own below.
    let settings =
        match mishap with
        | Mishap.At(Place.Sample | Place.Collate | Place.Getter) -> { settings with Workers = 0 }
        // A gradient that nobody steps by is not looked at.
        | Mishap.BrokenGradient -> { settings with Freeze = 0 }
        | _ -> settings

    let settings =
        match mishap with
        | Mishap.BrokenGradient
        | Mishap.At Place.Clipper -> withoutSkips settings
        | _ -> settings

    let expected =
        use session =
            Session.Start(Setup.prepare subject.Recipe (options subject settings (Trap())))

        Drive.train session last Drive.quietly
        Snapshot.ofSession session

    let failing = int64 (number % int expected.Progress.Steps)
    let trap = Trap()

    use session =
        Session.Start(Setup.prepare subject.Recipe (options subject settings trap))

    use source = new CancellationTokenSource()
    let users = Snapshot.generator ()
    let mutable before = Snapshot.ofSession session

    let armAt steps =
        if session.Progress.Steps = steps then
            arm mishap trap subject.Recipe session source

    let hook _ (event: Event) =
        before <- Snapshot.ofSession session

        if event = Event.IterationEnded then
            armAt failing

            if mishap = Mishap.InHook && session.Progress.Steps = failing + 1L then
                raise (Sprung "hook")

    armAt failing

    Expect.throws (fun () -> session.Train(None, last, source.Token) |> Drive.events session hook) $"{mishap}"
    disarm trap
    let after = Snapshot.ofSession session
    Expect.equal after.Vectors before.Vectors "the weights of the state"
    Expect.equal after.Counts before.Counts "the step counts"
    Expect.equal after.Progress.Steps before.Progress.Steps "the steps"
    Expect.equal (Snapshot.generator ()) users "the user's stream"
    Drive.train session last Drive.quietly
    Expect.equal (Snapshot.ofSession session) expected "a run that went on"

/// A worker fails at one visit of a place, ahead of the training, which then goes on to the same end.
let private workersFail (place: Place) (subject: Subject) (settings: Settings) (number: int) =
    let visits = ref 0

    let counting (trap: Trap) (failing: int) =
        visits.Value <- 0

        trap.OnVisit <-
            fun visited ->
                if visited = place && Interlocked.Increment visits = failing then
                    raise (Sprung $"visit {failing}")

    let expected, total =
        let trap = Trap()
        counting trap -1

        use session =
            Session.Start(Setup.prepare subject.Recipe (options subject { settings with Workers = 0 } trap))

        Drive.train session 2 Drive.quietly
        Snapshot.ofSession session, visits.Value

    let trap = Trap()
    counting trap (1 + number % total)
    let workers = 1 + number % 3

    use session =
        Session.Start(Setup.prepare subject.Recipe (options subject { settings with Workers = workers } trap))

    let mutable before = Snapshot.ofSession session

    let fails =
        try
            Drive.train session 2 (fun _ _ -> before <- Snapshot.ofSession session)
            false
        with error ->
            Expect.stringContains (string error) "visit" "what went wrong"
            true

    // Of several workers one may fail at a batch that training never comes to.
    if workers = 1 then
        Expect.isTrue fails "it fails"

    Expect.equal (Snapshot.ofSession session).Vectors before.Vectors "the weights of the state"

    if fails then
        Drive.train session 2 Drive.quietly

    Expect.equal (Snapshot.ofSession session) expected "a run that went on"

let tests =
    testList
        "7 failure is atomic"
        [
            for mishap in places do
                let befallen = Subject.all |> List.filter (fun subject -> canBefall subject mishap)

                LawChecks.lawOf befallen 8 $"{mishap}" (failureIsAtomic mishap)

            for loss in RunParts.remembering do
                for mishap in [ Mishap.At Place.Clipper; Mishap.NotFinite; Mishap.BrokenGradient ] do
                    LawChecks.lawAt
                        { Settings.rich with
                            Loss = loss
                            Clip = true
                        }
                        $"{mishap}, with {fst RunParts.losses[loss]}"
                        (fun subject settings -> failureIsAtomic mishap subject settings 2)

            for settings in Settings.inHalf do
                for mishap in
                    [
                        Mishap.At Place.Forward
                        Mishap.At Place.Embedder
                        Mishap.NotFinite
                        Mishap.InHook
                    ] do
                    LawChecks.lawAt settings $"{mishap}, in {Settings.precisionOf settings}" (fun subject settings ->
                        failureIsAtomic mishap subject settings 2)

            for place in [ Place.Sample; Place.Collate; Place.Getter ] do
                LawChecks.law 8 $"At {place}, in a worker" (workersFail place)

            LawChecks.lawAt Settings.rich "what modules show after a failure" (fun subject settings ->
                let trap = Trap()

                use session =
                    Session.Start(Setup.prepare subject.Recipe (options subject settings trap))

                Drive.train session 1 Drive.quietly
                let shown = Snapshot.ofModules session.Handles

                trap.OnVisit <-
                    fun place ->
                        if place = Place.Loss then
                            raise (Sprung "loss")

                Expect.throwsT<Sprung> (fun () -> Drive.train session 2 Drive.quietly) "it fails"
                Expect.equal (Snapshot.ofModules session.Handles) shown "what they showed before")

            testList
                "data that are not numbers never become weights"
                [
                    for index in 0 .. RunParts.losses.Length - 1 do
                        testCase (fst RunParts.losses[index]) (fun () ->
                            let settings =
                                { Settings.rich with
                                    Loss = index
                                    BatchNorm = false
                                }

                            let made = Subject.metricLossOnly.Options settings (Trap())
                            let data = torch.full ([| RunParts.samples; RunParts.features |], nan.ToScalar())

                            use session =
                                Session.Start(
                                    Setup.prepare
                                        Subject.metricLossOnly.Recipe
                                        (RunOptions(
                                            made,
                                            Dataset = TrainingData.FromTensors(data, torch.tensor RunParts.labels)
                                        ))
                                )

                            let before = Snapshot.ofSession session
                            Expect.throws (fun () -> Drive.train session 1 Drive.quietly) "it fails"
                            Expect.equal (Snapshot.ofSession session).Vectors before.Vectors "the weights")
                ]

            LawChecks.lawAt
                Settings.rich
                "a schedule that fails is moved when training goes on"
                (fun subject settings ->
                    let settings =
                        { settings with
                            Schedule = ScheduleSetting.ByIteration
                        }

                    let ended =
                        use session = Subject.start subject settings
                        Drive.train session 2 Drive.quietly
                        (Snapshot.ofSession session).Progress.Schedules

                    use session = Subject.start subject settings

                    // The consumer fails at every event once.
                    let mutable failures = 0

                    while (Progress.upcoming session.Progress).Epoch <= 2
                          || not session.Progress.Pending.IsEmpty do
                        try
                            Drive.train session 2 (fun number _ ->
                                failures <- failures + 1

                                if failures % 2 = 1 then
                                    raise (Sprung "hook"))
                        with Sprung _ ->
                            ()

                    Expect.equal (Snapshot.ofSession session).Progress.Schedules ended "as often as without failures")
        ]
