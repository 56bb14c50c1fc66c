/// The rules of weights as values, 6, 9 and 11: when a vector is written to, and what modules show.
module MetricLearning.Core.Tests.Laws.WeightRules

open System
open System.Threading
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support

open MetricLearning.Core.Tests.Support.SmallRuns

let private rule6 =
    testList
        "6 what is taken is yours"
        [
            testCase "vectors that nobody took are written in place, others never" (fun () ->
                use session = Subject.start Subject.metricLossOnly Settings.rich
                let shown () = session.Handles.Binding.WeightsOf 0
                step session
                let first = shown ()
                step session
                Expect.isTrue (obj.ReferenceEquals(shown (), first)) "in place"
                use taken = session.Take()
                let written = Snapshot.ofState taken
                step session
                Expect.isFalse (obj.ReferenceEquals(shown (), first)) "a copy"
                Expect.equal (Snapshot.ofState taken) written "the state that was taken"
                let second = shown ()
                step session
                Expect.isTrue (obj.ReferenceEquals(shown (), second)) "in place again")

            testCase "a hook's edit of a module is where the next step starts" (fun () ->
                let run edit =
                    let made = Subject.metricLossOnly.Options Settings.rich (Trap())
                    use session = Session.Start(Setup.prepare Subject.metricLossOnly.Recipe made)
                    let trunk = made.Models[Keys.Trunk]

                    Drive.train session 1 (fun _ event ->
                        if event = Event.IterationEnded && session.Progress.Steps = 2L then
                            edit session trunk)

                    (Snapshot.ofSession session).Vectors

                let average (trunk: torch.nn.Module) =
                    use _ = torch.no_grad ()

                    for parameter in trunk.parameters () do
                        parameter.mul_ ((0.5).ToScalar()) |> ignore

                let edited = run (fun _ trunk -> average trunk)
                Expect.notEqual edited (run (fun _ _ -> ())) "it counts"
                // The same, on the value.
                let onValue =
                    run (fun session _ ->
                        for group, learned in
                            Array.zip session.Handles.Groups (use state = session.Take() in state.Learned.Groups) do
                            if group.Layout.Slots[0].Name.StartsWith("trunk", StringComparison.Ordinal) then
                                use _ = torch.no_grad ()
                                learned.Weights.Tensor.mul_ ((0.5).ToScalar()) |> ignore)

                Expect.equal edited onValue "as if the state's vector had been written")

            testCase "a state that was freed is refused, clearly" (fun () ->
                let prepared = Subject.prepare Subject.metricLossOnly Settings.rich
                use _ = Session.Start prepared
                let state = Iteration.step prepared.Recipe prepared.Handles prepared.State
                (state :> IDisposable).Dispose()

                Expect.throwsT<InvalidOperationException>
                    (fun () -> Iteration.step prepared.Recipe prepared.Handles state |> ignore)
                    "a step"

                Expect.throwsT<InvalidOperationException> (fun () -> state.Share() |> ignore) "a share")
        ]

let private showsItsState (session: Session) =
    use state = session.Take()

    for group, learned in Array.zip session.Handles.Groups state.Learned.Groups do
        for parameter, slot in Array.zip group.Parameters group.Layout.Slots do
            use view = Layout.view slot learned.Weights.Tensor
            Expect.equal (Snapshot.bitsOf parameter) (Snapshot.bitsOf view) slot.Name

    for group, vector in Array.zip session.Handles.Buffers state.Learned.Buffers do
        for buffer, slot in Array.zip group.Buffers group.Layout.Slots do
            use view = Layout.view slot vector.Tensor
            Expect.equal (Snapshot.bitsOf buffer) (Snapshot.bitsOf view) slot.Name

let private rule9 =
    testList
        "9 modules show the newest state"
        [
            testCase "after training, a failure and a fork" (fun () ->
                let trap = Trap()
                let subject = Subject.metricLossOnly
                let prepared = Setup.prepare subject.Recipe (subject.Options Settings.rich trap)
                use session = Session.Start prepared
                showsItsState session
                Drive.train session 1 Drive.quietly
                showsItsState session

                trap.OnVisit <-
                    fun place ->
                        if place = Place.Embedder then
                            invalidOp "trap"

                Expect.throws (fun () -> Drive.train session 2 Drive.quietly) "it fails"
                trap.OnVisit <- ignore
                showsItsState session
                use fork = session.Take()
                use forked = Iteration.step prepared.Recipe prepared.Handles fork
                ignore forked
                Drive.train session 3 Drive.quietly
                showsItsState session)

            testCase "a disposed trainer's step says that it was disposed" (fun () ->
                let session = Subject.start Subject.metricLossOnly Settings.rich
                session.Dispose()
                Expect.throwsT<ObjectDisposedException> (fun () -> step session) "a step")
        ]

let private rule11 =
    testCase "11 the lock does not cover hooks" (fun () ->
        use first = Subject.start Subject.metricLossOnly Settings.rich
        use second = Subject.start Subject.metricLossOnly Settings.rich
        let mutable trained = false

        Drive.train first 1 (fun number _ ->
            // Another trainer trains on another thread while this hook waits for it.
            if number = 0 then
                let thread = Thread(fun () -> Drive.train second 1 Drive.quietly)
                thread.Start()
                trained <- thread.Join(TimeSpan.FromSeconds 60.0))

        Expect.isTrue trained "the other trainer was not kept waiting")

let tests = testList "weights as values" [ rule6; rule9; rule11 ]
