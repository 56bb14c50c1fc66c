/// Law 2: runs repeat.
module MetricLearning.Core.Tests.Laws.RepeatLaw

open System
open System.Collections.Generic
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support

/// A tester on some samples.
let private test (session: Session) =
    let trunk = session.Handles.Networks[Keys.Trunk].Handle.Module
    let first = Seq.head (trunk.parameters ())
    use _ = torch.NewDisposeScope()
    let rows = torch.arange ((12L * first.size 1).ToScalar(), dtype = first.dtype)

    let data =
        TrainingData.FromTensors((rows * 0.7).sin().reshape(12L, first.size 1), [| for row in 0..11 -> row % 3 |])

    let losses = Dictionary [ KeyValuePair("triplet", new TripletMarginLoss() :> Loss) ]

    let tester = Tester(EmbeddingSpace.Global, TestOptions(LossFuncs = losses))

    let data = Dictionary [ KeyValuePair("val", data) ]
    tester.Test(data, 1, trunk) |> ignore

/// What a hook may do without changing the run.
let private looks: (string * (Session -> unit)) list =
    [
        "nothing", ignore
        "random numbers of the user's", (fun _ -> (torch.rand 3L).Dispose())
        "a new seed of the user's", (fun _ -> (torch.manual_seed 99L).Dispose())
        "evaluation",
        (fun session ->
            use _ = torch.no_grad ()
            use _ = torch.NewDisposeScope()

            for handle in session.Handles.Modules do
                handle.Module.eval ()

            for network in session.Handles.Networks.Values do
                // Every network begins with a linear layer.
                let first = Seq.head (network.Handle.Module.parameters ())
                let inputs, dtype = first.size 1, first.dtype
                network.Forward [| torch.rand (8L, inputs, dtype = dtype) |] |> ignore)
        "a tester", test
        "a tester of averages",
        (fun session ->
            if session.Handles.Averaging.IsSome then
                session.WhileAveraged(fun () -> test session))
        "a tester of averages that fails",
        (fun session ->
            if session.Handles.Averaging.IsSome then
                Expect.throws (fun () -> session.WhileAveraged(fun () -> invalidOp "a tester") |> ignore) "the test")
        "taking states",
        (fun session ->
            let state = session.Take()

            if state.Progress.Steps % 2L = 0L then
                (state :> IDisposable).Dispose())
        "freed gradients",
        (fun session ->
            for group in session.Handles.Groups do
                for parameter in group.Parameters do
                    parameter.grad <- null)
    ]

let private result (subject: Subject) (settings: Settings) (look: Session -> unit) =
    use session = Subject.start subject settings
    Drive.train session 3 (fun _ _ -> look session)
    Snapshot.ofSession session

let private usersStream (step: Run -> TrainingState -> TrainingState) (subject: Subject) (settings: Settings) =
    let prepared = Subject.prepare subject settings
    use _ = Session.Start prepared
    let before = Snapshot.generator ()
    use next = step prepared prepared.State
    Expect.equal (Snapshot.generator ()) before "the user's stream of random numbers"
    ignore next

let tests =
    testList
        "2 runs repeat"
        [
            LawChecks.law 30 "whatever the workers, the hooks and the user's generator" (fun subject settings number ->
                let expected = result subject { settings with Workers = 0 } ignore
                let name, look = looks[number % looks.Length]
                let workers = number % 4
                let again = result subject { settings with Workers = workers } look
                Expect.equal again expected $"{name}, {workers} workers")

            for workers in 1..3 do
                LawChecks.lawAt
                    { Settings.rich with AsSamples = true }
                    $"{workers} workers give the bits of none"
                    (fun subject settings ->
                        Expect.equal
                            (result subject { settings with Workers = workers } ignore)
                            (result subject settings ignore)
                            "the end")

            for name, look in looks do
                LawChecks.lawAt { Settings.rich with Averaging = 1 } $"{name} in hooks" (fun subject settings ->
                    Expect.equal (result subject settings look) (result subject settings ignore) "the end")

            for settings in Settings.inHalf do
                LawChecks.lawAt settings $"in {Settings.precisionOf settings}" (fun subject settings ->
                    let expected = result subject settings ignore
                    Expect.equal (result subject { settings with Workers = 2 } ignore) expected "the end"

                    Expect.notEqual
                        expected.Vectors
                        (result
                            subject
                            { settings with
                                Precision = Precision.Float32
                            }
                            ignore)
                            .Vectors
                        "another precision")

            LawChecks.lawAt Settings.rich "another seed gives another run" (fun subject settings ->
                let run (seed: int64) =
                    let options = subject.Options settings (Trap())

                    use session =
                        Session.Start(Setup.prepare subject.Recipe (RunOptions(options, Seed = seed)))

                    Drive.train session 2 Drive.quietly
                    (Snapshot.ofSession session).Vectors

                Expect.equal (run 1L) (run 1L) "the same seed"
                Expect.notEqual (run 1L) (run 2L) "another seed")

            LawChecks.lawAt Settings.rich "without a seed, the user's generator decides" (fun subject settings ->
                let run (users: int64) =
                    let options = subject.Options settings (Trap())
                    use _ = torch.manual_seed users

                    use session =
                        Session.Start(Setup.prepare subject.Recipe (RunOptions(options, Seed = Nullable())))

                    Drive.train session 1 Drive.quietly
                    (Snapshot.ofSession session).Vectors

                Expect.equal (run 1L) (run 1L) "the same seed"
                Expect.notEqual (run 1L) (run 2L) "another seed")

            LawChecks.law 15 "a step leaves the user's stream where it was" (fun subject settings _ ->
                usersStream (fun prepared -> Iteration.step prepared.Recipe prepared.Handles) subject settings)

            LawChecks.isFalsified "GeneratorGivenBack" (fun () ->
                usersStream (ByHand.step [ Mechanism.GeneratorGivenBack ]) Subject.metricLossOnly Settings.rich)

            LawChecks.isFalsified "Seeding" (fun () ->
                // The generator is drawn from between steps, as a hook may.
                let run draws =
                    let prepared = Subject.prepare Subject.metricLossOnly Settings.rich
                    use _ = Session.Start prepared
                    use _ = torch.manual_seed 1L

                    if draws then
                        (torch.rand 1L).Dispose()

                    use next = ByHand.step [ Mechanism.Seeding ] prepared prepared.State
                    (Snapshot.ofState next).Vectors

                Expect.equal (run true) (run false) "the step")
        ]
