/// Law 3, in memory: stopping costs nothing.
module MetricLearning.Core.Tests.Laws.ResumeLaw

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support

let private last = 3

/// Trains to the end: the states at the ends of epochs, the last one, and the number of events.
let private finish (session: Session) =
    let mutable events = 0
    let epochs = ResizeArray()

    Drive.train session last (fun number event ->
        events <- number + 1

        if event = Event.EpochEnded then
            epochs.Add(Snapshot.withoutPadding session))

    epochs.Add(Snapshot.withoutPadding session)
    List.ofSeq epochs, events

let private wholeRun (subject: Subject) (settings: Settings) =
    use session = Subject.start subject settings
    finish session

exception private Enough

/// How a state gets from the session that is stopped to the one that goes on.
type Carrier = Session -> (Session -> unit)

/// In memory, perhaps changed on the way.
let private changed (change: TrainingState -> TrainingState) : Carrier =
    fun session ->
        let taken = session.Take()

        fun resumed ->
            use from = change taken
            resumed.Resume from

/// Trains up to an event, takes the state, throws everything else away, and goes on with fresh machines.
let private stoppedAt (event: int) (carrier: Carrier) (subject: Subject) (settings: Settings) =
    let giveTo =
        use session = Subject.start subject settings
        let mutable giveTo = ignore

        try
            Drive.train session last (fun number _ ->
                if number = event then
                    giveTo <- carrier session
                    raise Enough)
        with Enough ->
            ()

        giveTo

    use resumed = Subject.start subject settings
    giveTo resumed
    fst (finish resumed)

/// A run that is stopped at an event and goes on elsewhere ends as one that was not.
let stoppingCostsNothing (carrier: Carrier) (subject: Subject) (settings: Settings) (number: int) : unit =
    let expected, events = wholeRun subject settings
    let event = number % events
    let found = stoppedAt event carrier subject settings
    let sameEpochs = List.skip (expected.Length - found.Length) expected
    Expect.equal found sameEpochs $"stopped at event {event} of {events}"

/// States with something forgotten: what a checkpoint must not do.
let private forgetful: (string * (TrainingState -> TrainingState)) list =
    let numbers change (state: TrainingState) =
        { state with
            Progress = change state.Progress
        }

    let groups change (state: TrainingState) =
        let learned = state.Learned

        { state with
            Learned = new Learned(Array.map change learned.Groups, learned.Buffers)
        }

    let zero (vector: Vector) =
        Vector.Own(torch.zeros_like vector.Tensor)

    [
        "weights",
        groups (fun group ->
            { group with
                Weights = zero group.Weights
            })
        "slots",
        groups (fun group ->
            { group with
                Slots = Array.map zero group.Slots
            })
        "step counts",
        groups (fun group ->
            { group with
                Counts = Array.map (fun _ -> 0L) group.Counts
            })
        "buffers",
        (fun state ->
            { state with
                Learned = new Learned(state.Learned.Groups, Array.map zero state.Learned.Buffers)
            })
        "the seed",
        numbers (fun progress ->
            { progress with
                Seed = Seed.ofInt64 77L
            })
        "the place in the data", numbers (fun progress -> { progress with Cursor = Cursor.start })
        "the steps taken", numbers (fun progress -> { progress with Steps = 0L })
        "the iteration", numbers (fun progress -> { progress with Iteration = 0 })
        "what is due", numbers (fun progress -> { progress with Pending = [] })
        "schedules",
        numbers (fun progress ->
            { progress with
                Schedules = progress.Schedules |> Map.map (fun _ state -> { state with Count = 0L })
            })
        "rates",
        numbers (fun progress ->
            { progress with
                Rates = progress.Rates |> Map.map (fun _ rates -> Array.map ((*) 2.0) rates)
            })
        "the losses of the epoch", numbers (fun progress -> { progress with EpochSums = Map.empty })
    ]

/// The same of what only float16 has.
let private forgetfulOfScale: (string * (TrainingState -> TrainingState)) list =
    let numbers change (state: TrainingState) =
        { state with
            Progress = change state.Progress
        }

    [
        "the scale of the loss", numbers (fun progress -> { progress with LossScale = None })
        "skipped steps", numbers (fun progress -> { progress with SkippedSteps = 0L })
    ]

/// A run in which every kind of schedule moves.
let scheduled: Settings =
    { Settings.rich with
        Optimizer = 3
        Schedule = ScheduleSetting.All
    }

let tests =
    testList
        "3 stopping costs nothing"
        [
            LawChecks.law 60 "at any event, into fresh machines" (stoppingCostsNothing (changed id))

            for loss in RunParts.remembering do
                for event in [ 4; 9; 17 ] do
                    LawChecks.lawAt
                        { Settings.rich with Loss = loss }
                        $"with {fst RunParts.losses[loss]}, at event {event}"
                        (fun subject settings -> stoppingCostsNothing (changed id) subject settings event)

            for settings in Settings.inHalf do
                for event in [ 2; 9; 17 ] do
                    LawChecks.lawAt
                        settings
                        $"in {Settings.precisionOf settings}, at event {event}"
                        (fun subject settings -> stoppingCostsNothing (changed id) subject settings event)

            testList
                "at every event of one run"
                [
                    for event in 0..30 do
                        LawChecks.lawAt { scheduled with Averaging = 1 } $"event {event}" (fun subject settings ->
                            stoppingCostsNothing (changed id) subject settings event)
                ]

            LawChecks.law 15 "n steps and m steps are n + m steps" (fun subject settings number ->
                let settings =
                    { settings with
                        TorchSchedulers = false
                    }

                let steps count (prepared: Run) (state: TrainingState) =
                    let mutable state = state.Share()

                    for _ in 1..count do
                        let next = Iteration.step prepared.Recipe prepared.Handles state
                        (state :> IDisposable).Dispose()
                        state <- next

                    state

                let n, m = number % 5, number / 5 % 5
                let one = Subject.prepare subject settings
                use _ = Session.Start one
                use whole = steps (n + m) one one.State
                use half = steps n one one.State
                let other = Subject.prepare subject settings
                use _ = Session.Start other
                use rest = steps m other half
                Expect.equal (Snapshot.ofState rest) (Snapshot.ofState whole) $"{n} + {m} steps")

            LawChecks.lawAt Settings.rich "a session that is resumed shows the state at once" (fun subject settings ->
                use session = Subject.start subject settings
                Drive.train session 1 Drive.quietly
                use state = session.Take()
                let shown = Snapshot.ofModules session.Handles
                Drive.train session 2 Drive.quietly
                Expect.notEqual (Snapshot.ofModules session.Handles) shown "training goes on"
                session.Resume state
                Expect.equal (Snapshot.ofModules session.Handles) shown "the modules")

            LawChecks.lawAt
                Settings.rich
                "a state of other machines is refused, and nothing changes"
                (fun subject settings ->
                    use session = Subject.start subject settings
                    use other = Subject.start subject { settings with Optimizer = 0 }
                    use foreign = other.Take()
                    let before = Snapshot.ofSession session
                    Expect.throwsT<ArgumentException> (fun () -> session.Resume foreign) "another optimizer"
                    use wider = Subject.start subject { settings with BatchNorm = false }
                    use foreign = wider.Take()
                    Expect.throwsT<ArgumentException> (fun () -> session.Resume foreign) "another net"
                    Expect.equal (Snapshot.ofSession session) before "the state"
                    Drive.train session 1 Drive.quietly)

            LawChecks.isFalsified "without the average of weights" (fun () ->
                stoppingCostsNothing
                    (changed _.WithoutAverage())
                    Subject.metricLossOnly
                    { scheduled with Averaging = 1 }
                    17)

            for precision, forgotten in [ Precision.Float32, forgetful; Precision.Float16, forgetfulOfScale ] do
                for name, forget in forgotten do
                    LawChecks.isFalsified $"without {name}" (fun () ->
                        // In the third iteration of the first epoch, its schedule still due.
                        stoppingCostsNothing
                            (changed forget)
                            Subject.metricLossOnly
                            { scheduled with
                                Clip = true
                                Precision = precision
                            }
                            17)
        ]
