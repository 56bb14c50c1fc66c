/// Law 9: frozen and stepping never meet. Without libtorch.
module MetricLearning.Core.Tests.Laws.PhaseLaw

open FsCheck
open FsCheck.FSharp
open Expecto
open MetricLearning.Core

type private Decide = Roster -> Progress -> Plan

let private names =
    [
        "trunk"
        "embedder"
        "metric_loss"
        "classifier"
        "generator"
        "metric_loss_0"
    ]

let private rosters: Gen<Roster> =
    gen {
        let! networks = Gen.subListOf names
        let! losses = Gen.subListOf names
        let! optimizers = Gen.subListOf names
        let! frozen = Gen.subListOf names

        return
            {
                Networks = List.ofSeq networks
                Losses = List.ofSeq losses
                Terms = List.ofSeq losses
                Optimizers = [ for name in optimizers -> Keys.optimizerOf name ]
                Schedules = []
                Frozen = Set.ofSeq frozen
            }
    }

let private progresses: Gen<Progress> =
    gen {
        let! epoch = Gen.choose (1, 400)
        let! weights = Gen.elements [ 0.0; 0.5; 1.0; -1.0 ] |> Gen.listOfLength names.Length

        let start =
            Progress.start (Seed.ofInt64 1L) (Some 10) (Map.ofList (List.zip names weights)) Cursor.start

        return Progress.beginEpoch epoch start
    }

let private cases = Arb.fromGen (Gen.zip rosters progresses)

let private neverMeet (decide: Decide) =
    Prop.forAll cases (fun (roster, progress) ->
        let plan = decide roster progress

        plan.Stepping
        |> List.forall (fun key -> not (Set.exists (fun frozen -> Keys.optimizerOf frozen = key) plan.Frozen)))

let private stepOnce (decide: Decide) =
    Prop.forAll cases (fun (roster, progress) ->
        let plan = decide roster progress
        plan.Stepping = List.filter (fun key -> List.contains key plan.Stepping) roster.Optimizers)

let private keepFrozen (decide: Decide) =
    Prop.forAll cases (fun (roster, progress) -> Set.isSubset roster.Frozen (decide roster progress).Frozen)

let private isFunction (decide: Decide) =
    Prop.forAll cases (fun (roster, progress) -> decide roster progress = decide roster progress)

let private falsified (property: Property) =
    try
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(2000).WithQuietOnSuccess(true), property)
        false
    with _ ->
        true

let tests =
    testList
        "9 frozen and stepping never meet"
        [
            for subject in Subject.all do
                testList
                    subject.Name
                    [
                        Check.pure' "frozen and stepping never meet" (neverMeet subject.Recipe.Decide)
                        Check.pure' "optimizers step once, in the user's order" (stepOnce subject.Recipe.Decide)
                        Check.pure' "what the user froze stays frozen" (keepFrozen subject.Recipe.Decide)
                        Check.pure' "a decision is a function" (isFunction subject.Recipe.Decide)
                    ]

            Check.pure' "a loss counts exactly when its weight is above zero"
            <| Prop.forAll cases (fun (roster, progress) ->
                let plan = Plan.everything [] roster progress

                names
                |> List.forall (fun name -> Plan.counts name plan = (progress.LossWeights[name] > 0.0)))

            testCase "seen to fail: every optimizer steps" (fun () ->
                let careless roster progress =
                    { Plan.everything [] roster progress with
                        Stepping = roster.Optimizers
                    }

                Expect.isTrue (falsified (neverMeet careless)) "what is frozen would be stepped")

            testCase "seen to fail: nothing is frozen" (fun () ->
                let careless roster progress =
                    { Plan.everything [] roster progress with
                        Frozen = Set.empty
                    }

                Expect.isTrue (falsified (keepFrozen careless)) "what the user froze would train")
        ]
