/// Law 7 of pure steps: one that fails leaves the state it started from.
module MetricLearning.Core.Tests.Laws.StepFailureLaw

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Mishaps

let private pureStepFails (step: Run -> TrainingState -> TrainingState) (place: Place) (settings: Settings) =
    let trap = Trap()
    let subject = Subject.metricLossOnly
    let prepared = Setup.prepare subject.Recipe (options subject settings trap)
    use _ = Session.Start prepared
    use state = step prepared prepared.State
    let written = Snapshot.ofState state

    let expected =
        use next = step prepared state
        Snapshot.ofState next

    // Somewhere else than where a failed step would leave the generator.
    use _ = torch.manual_seed 123L
    let users = Snapshot.generator ()

    trap.OnVisit <-
        fun visited ->
            if visited = place then
                raise (Sprung "here")

    Expect.throwsT<Sprung> (fun () -> (step prepared state :> IDisposable).Dispose()) "it fails"
    trap.OnVisit <- ignore
    Expect.equal (Snapshot.generator ()) users "the user's stream"
    Expect.equal (Snapshot.ofState state) written "the state"
    use next = step prepared state
    Expect.equal (Snapshot.ofState next) expected "the step after it"

let private byHandSettings =
    { Settings.rich with
        Subset = false
        Schedule = ScheduleSetting.Constant
    }

let tests =
    testList
        "7 failure is atomic, in pure steps"
        [
            testCase "a pure step that fails" (fun () ->
                for place in [ Place.Forward; Place.Embedder; Place.Loss; Place.Clipper ] do
                    pureStepFails
                        (fun prepared -> Iteration.step prepared.Recipe prepared.Handles)
                        place
                        { byHandSettings with Clip = true })

            LawChecks.isFalsified "FreshBuffers" (fun () ->
                pureStepFails (ByHand.step [ Mechanism.FreshBuffers ]) Place.Loss byHandSettings)

            LawChecks.isFalsified "GeneratorGivenBack" (fun () ->
                pureStepFails (ByHand.step [ Mechanism.GeneratorGivenBack ]) Place.Loss byHandSettings)
        ]
