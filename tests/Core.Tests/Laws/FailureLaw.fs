/// Law 7: failure is atomic.
module MetricLearning.Core.Tests.Laws.FailureLaw

open System
open System.Threading
open Expecto
open TorchSharp
open MetricLearning.Core

exception private Sprung of string

/// Where a run can fail.
[<RequireQualifiedAccess>]
type private Mishap =
    /// User code throws.
    | At of Place
    /// The end-of-iteration hook, or whoever handles another event, throws.
    | InHook
    /// The trunk makes not-a-number, so that the loss is not finite.
    | NotFinite
    /// A clipper leaves a gradient of the wrong shape.
    | BrokenGradient
    /// The token is cancelled.
    | Cancelled

let private places: Mishap list =
    [ Mishap.At Place.Sample
      Mishap.At Place.Collate
      Mishap.At Place.Getter
      Mishap.At Place.Forward
      Mishap.At Place.Embedder
      Mishap.At Place.Miner
      Mishap.At Place.SubsetMiner
      Mishap.At Place.Loss
      Mishap.At Place.Clipper
      Mishap.InHook
      Mishap.NotFinite
      Mishap.BrokenGradient
      Mishap.Cancelled ]

/// A loss that visits a place.
type private TrappedLoss(trap: Trap, inner: Loss) as this =
    inherit Loss()
    do this.register_module ("inner", inner)
    override _.Parts = inner.Parts

    override _.ComputeLoss input =
        let elements = inner.ComputeLoss input
        trap.Visit Place.Loss

        if trap.Scale = 1.0 then
            elements
        else
            [| ElementsOf.Reduced(inner.Parts[0], input.Embeddings.sum () * trap.Scale) |]

/// Settings in which every place is come by.
let private reaching (settings: Settings) : Settings =
    { settings with
        AsSamples = true
        Embedder = true
        Clip = true
        Subset = true
        Miner = 1
        Loss = 0 }

let private ingredients (subject: Subject) (settings: Settings) (trap: Trap) : Ingredients =
    let made = subject.Ingredients (reaching settings) trap

    { made with
        Losses =
            [ for key, loss in made.Losses ->
                  match box loss with
                  | :? Loss as loss -> key, new TrappedLoss(trap, loss) :> torch.nn.Module
                  | _ -> key, loss ] }

/// Makes what comes next fail.
let private arm (mishap: Mishap) (trap: Trap) (session: Session) (source: CancellationTokenSource) =
    let at place act = trap.OnVisit <- fun visited -> if visited = place then act ()

    match mishap with
    | Mishap.At place -> at place (fun () -> raise (Sprung $"{place}"))
    | Mishap.InHook -> ()
    | Mishap.NotFinite -> trap.Scale <- nan
    | Mishap.BrokenGradient ->
        at Place.Clipper (fun () ->
            // The last part's, so that the others could already have been stepped.
            let part = session.Handles.Parts |> Array.findBack (fun part -> part.Optimizer.IsSome)
            part.Parameters[part.Parameters.Length - 1].grad <- torch.ones (3L, dtype = part.Layout.Dtype))
    | Mishap.Cancelled -> source.Cancel()

let private disarm (trap: Trap) =
    trap.OnVisit <- ignore
    trap.Scale <- 1.0

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

    let expected =
        use session = Session.Start(Setup.prepare subject.Recipe (ingredients subject settings (Trap())))
        Drive.train session last Drive.quietly
        Snapshot.ofSession session

    let failing = int64 (number % int expected.Progress.Steps)
    let trap = Trap()
    use session = Session.Start(Setup.prepare subject.Recipe (ingredients subject settings trap))
    use source = new CancellationTokenSource()
    let users = Snapshot.generator ()
    let mutable before = Snapshot.ofSession session

    let armAt steps =
        if session.Progress.Steps = steps then
            arm mishap trap session source

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
        use session = Session.Start(Setup.prepare subject.Recipe (ingredients subject { settings with Workers = 0 } trap))
        Drive.train session 2 Drive.quietly
        Snapshot.ofSession session, visits.Value

    let trap = Trap()
    counting trap (1 + number % total)
    let workers = 1 + number % 3
    use session = Session.Start(Setup.prepare subject.Recipe (ingredients subject { settings with Workers = workers } trap))
    let mutable before = Snapshot.ofSession session

    let fails =
        try
            Drive.train session 2 (fun _ _ -> before <- Snapshot.ofSession session)
            false
        with error ->
            Expect.stringContains (string error) "visit" "what went wrong"
            true

    Expect.isTrue fails "it fails"
    Expect.equal (Snapshot.ofSession session).Vectors before.Vectors "the weights of the state"
    Drive.train session 2 Drive.quietly
    Expect.equal (Snapshot.ofSession session) expected "a run that went on"

let private pureStepFails (step: Prepared -> TrainingState -> TrainingState) (place: Place) (settings: Settings) =
    let trap = Trap()
    let subject = Subject.metricLossOnly
    let prepared = Setup.prepare subject.Recipe (ingredients subject settings trap)
    use _ = Session.Start prepared
    use state = step prepared prepared.State
    let written = Snapshot.ofState state

    let expected =
        use next = step prepared state
        Snapshot.ofState next

    // Somewhere else than where a failed step would leave the generator.
    use _ = torch.manual_seed 123L
    let users = Snapshot.generator ()
    trap.OnVisit <- fun visited -> if visited = place then raise (Sprung "here")
    Expect.throwsT<Sprung> (fun () -> (step prepared state :> IDisposable).Dispose()) "it fails"
    trap.OnVisit <- ignore
    Expect.equal (Snapshot.generator ()) users "the user's stream"
    Expect.equal (Snapshot.ofState state) written "the state"
    use next = step prepared state
    Expect.equal (Snapshot.ofState next) expected "the step after it"

let private byHandSettings =
    { Settings.rich with Subset = false; Schedule = ScheduleSetting.Constant }

let tests =
    testList
        "7 failure is atomic"
        [ for mishap in places do
              Check.law 8 $"{mishap}" (failureIsAtomic mishap)

          for place in [ Place.Sample; Place.Collate; Place.Getter ] do
              Check.law 8 $"At {place}, in a worker" (workersFail place)

          Check.lawAt Settings.rich "what modules show after a failure" (fun subject settings ->
              let trap = Trap()
              use session = Session.Start(Setup.prepare subject.Recipe (ingredients subject settings trap))
              Drive.train session 1 Drive.quietly
              let shown = Snapshot.ofModules session.Handles
              trap.OnVisit <- fun place -> if place = Place.Loss then raise (Sprung "loss")
              Expect.throwsT<Sprung> (fun () -> Drive.train session 2 Drive.quietly) "it fails"
              Expect.equal (Snapshot.ofModules session.Handles) shown "what they showed before")

          testList
              "data that are not numbers never become weights"
              [ for index in 0 .. Parts.losses.Length - 1 do
                    testCase (fst Parts.losses[index]) (fun () ->
                        let settings =
                            { Settings.rich with
                                Loss = index
                                BatchNorm = false }

                        let made = Subject.metricLossOnly.Ingredients settings (Trap())
                        let data = torch.full ([| Parts.samples; Parts.features |], nan.ToScalar())

                        use session =
                            Session.Start(
                                Setup.prepare
                                    Subject.metricLossOnly.Recipe
                                    { made with
                                        Dataset = Dataset.ofTensors data (torch.tensor Parts.labels) }
                            )

                        let before = Snapshot.ofSession session
                        Expect.throws (fun () -> Drive.train session 1 Drive.quietly) "it fails"
                        Expect.equal (Snapshot.ofSession session).Vectors before.Vectors "the weights") ]

          Check.lawAt Settings.rich "a schedule that fails is moved when training goes on" (fun subject settings ->
              let settings = { settings with Schedule = ScheduleSetting.ByIteration }

              let ended =
                  use session = Subject.start subject settings
                  Drive.train session 2 Drive.quietly
                  (Snapshot.ofSession session).Progress.Schedules

              use session = Subject.start subject settings

              // The consumer fails at every event once.
              let mutable failures = 0

              while (Progress.upcoming session.Progress).Epoch <= 2 || not session.Progress.Due.IsEmpty do
                  try
                      Drive.train session 2 (fun number _ ->
                          failures <- failures + 1

                          if failures % 2 = 1 then
                              raise (Sprung "hook"))
                  with Sprung _ ->
                      ()

              Expect.equal (Snapshot.ofSession session).Progress.Schedules ended "as often as without failures")

          testCase "a pure step that fails" (fun () ->
              for place in [ Place.Forward; Place.Embedder; Place.Loss; Place.Clipper ] do
                  pureStepFails
                      (fun prepared -> Iteration.step prepared.Recipe prepared.Handles)
                      place
                      { byHandSettings with Clip = true })

          Check.isFalsified "FreshBuffers" (fun () ->
              pureStepFails (ByHand.step [ Mechanism.FreshBuffers ]) Place.Loss byHandSettings)

          Check.isFalsified "GeneratorGivenBack" (fun () ->
              pureStepFails (ByHand.step [ Mechanism.GeneratorGivenBack ]) Place.Loss byHandSettings) ]
