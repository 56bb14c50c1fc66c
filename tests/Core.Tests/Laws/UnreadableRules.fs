/// Optimizers and schedulers that keep to themselves what a state would need.
module MetricLearning.Core.Tests.Laws.UnreadableRules

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Laws.TorchRuns

let private inPlace () =
    withOptimizers settings (torchOptimizer asgd [ Keys.Trunk; Keys.Embedder ])

let private withoutRule =
    testList
        "an optimizer that no rule describes"
        [
            testCase "trains, and says at construction what it cannot do" (fun () ->
                let prepared = prepare (inPlace ())
                use session = Session.Start prepared
                let before = Snapshot.ofModules session.Handles
                Drive.train session 2 Drive.quietly
                Expect.equal (moved before (Snapshot.ofModules session.Handles)) [ "trunk"; "embedder" ] "both train"
                Expect.exists prepared.Warnings _.Contains("ASGD") $"{prepared.Warnings}")

            testCase "a state that was taken is not written to" (fun () ->
                use session = Session.Start(prepare (inPlace ()))
                step session
                use taken = session.Take()
                let written = Snapshot.ofState taken
                step session
                Expect.equal (Snapshot.ofState taken) written "the state")

            testCase "a second step of one state is refused" (fun () ->
                let prepared = prepare (inPlace ())
                use _ = Session.Start prepared
                use next = Iteration.step prepared.Recipe prepared.Handles prepared.State
                use _ = Iteration.step prepared.Recipe prepared.Handles next

                for state in [ prepared.State; next ] do
                    Expect.throwsT<InvalidOperationException>
                        (fun () -> Iteration.step prepared.Recipe prepared.Handles state |> ignore)
                        "a fork")

            testCase "so is going on with fresh machines" (fun () ->
                use session = Session.Start(prepare (inPlace ()))
                step session
                use taken = session.Take()
                use other = Session.Start(prepare (inPlace ()))
                other.Resume taken
                Expect.throwsT<InvalidOperationException> (fun () -> step other) "its slots are not there")
        ]

let private schedulers =
    testCase "a TorchSharp scheduler cannot go back, and says what to use" (fun () ->
        let settings =
            { settings with
                TorchOptimizers = true
                TorchSchedulers = true
                Schedule = ScheduleSetting.ByIteration
            }

        let prepared = Subject.prepare subject settings
        use _ = Session.Start prepared
        use next = Iteration.step prepared.Recipe prepared.Handles prepared.State
        ignore next

        Expect.throwsC
            (fun () -> Iteration.step prepared.Recipe prepared.Handles prepared.State |> ignore)
            (fun error -> Expect.stringContains error.Message "use a schedule of this library" "the message"))

let tests =
    testList "optimizers and schedulers that cannot be read" [ withoutRule; schedulers ]
