/// Law 9: frozen and stepping never meet, and what no loss reaches is not stepped. Without libtorch.
module MetricLearning.Core.Tests.Laws.PhaseLaw

open Expecto
open FsCheck
open FsCheck.FSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support

type Decide = RunKeys -> Progress -> Plan

let private networkNames =
    [ Keys.Trunk; Keys.Embedder; Keys.Classifier; "classifier_1"; Keys.Generator ]

let private lossNames =
    [
        Keys.MetricLoss
        Keys.ClassifierLoss
        "metric_loss_0"
        "metric_loss_1"
        "classifier_loss_1"
        Keys.SynthLoss
        Keys.GeneratorAdversarialLoss
    ]

let private extraNames =
    [ Keys.GeneratorHardLoss; Keys.GeneratorRegularizationLoss ]

/// Who might take part in a run of any trainer, and who the user might freeze.
let rosters: Gen<RunKeys> =
    gen {
        let! networks = Gen.subListOf networkNames
        let! losses = Gen.subListOf lossNames
        let! extra = Gen.elements [ []; extraNames ]
        let! optimizers = Gen.subListOf (networkNames @ lossNames)
        let! optimizers = Gen.shuffle optimizers
        let! frozen = Gen.subListOf (networkNames @ lossNames)

        return
            {
                Networks = List.ofSeq networks
                Losses = List.ofSeq losses
                Terms = List.ofSeq losses @ extra
                Optimizers = [ for name in optimizers -> Keys.optimizerOf name ]
                Schedules = []
                Frozen = Set.ofSeq frozen
            }
    }

/// Runs in some epoch, with some weights; most often none above zero, or few.
let progresses: Gen<Progress> =
    gen {
        let! epoch = Gen.choose (1, 60)
        let names = lossNames @ extraNames
        let! zeros = Gen.choose (0, 4)

        let! weights =
            Gen.frequency
                [
                    1 + zeros, Gen.constant 0.0
                    1, Gen.constant -1.0
                    2, Gen.elements [ 0.5; 1.0; 3.0 ]
                ]
            |> Gen.listOfLength names.Length

        let start =
            Progress.start (Seed.ofInt64 1L) (Some 10) (Map.ofList (List.zip names weights)) Cursor.start

        return Progress.beginEpoch epoch start
    }

let private cases = Arb.fromGen (Gen.zip rosters progresses)

let private steps (plan: Plan) (owner: string) =
    List.contains (Keys.optimizerOf owner) plan.Stepping

/// What is frozen does not step.
let neverMeet (decide: Decide) =
    Prop.forAll cases (fun (runKeys, progress) ->
        let plan = decide runKeys progress
        Set.forall (steps plan >> not) plan.Frozen)

let private stepOnce (decide: Decide) =
    Prop.forAll cases (fun (runKeys, progress) ->
        let plan = decide runKeys progress
        plan.Stepping = List.filter (fun key -> List.contains key plan.Stepping) runKeys.Optimizers)

/// What the user froze stays frozen.
let keepFrozen (decide: Decide) =
    Prop.forAll cases (fun (runKeys, progress) -> Set.isSubset runKeys.Frozen (decide runKeys progress).Frozen)

let private isFunction (decide: Decide) =
    Prop.forAll cases (fun (runKeys, progress) -> decide runKeys progress = decide runKeys progress)

/// Networks and losses that are in the run; an optimizer may also be given for one that is not.
let takePart (runKeys: RunKeys) = runKeys.Networks @ runKeys.Losses

/// A loss steps only while it counts, a head only while its loss does, any other network only while some loss does.
let onlyWhatCounts (schema: Schema) (decide: Decide) =
    Prop.forAll cases (fun (runKeys, progress) ->
        let plan = decide runKeys progress
        let heads = Map.ofList schema.Heads

        let isReached owner =
            if List.contains owner runKeys.Losses then
                Plan.counts owner plan
            else
                match heads.TryFind owner with
                | Some loss -> Plan.counts loss plan
                | None -> List.exists (fun term -> Plan.counts term plan) runKeys.Terms

        takePart runKeys
        |> List.forall (fun owner -> isReached owner || not (steps plan owner)))

/// Whether a counterexample is found.
let falsified (property: Property) =
    try
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(2000).WithQuietOnSuccess(true), property)
        false
    with _ ->
        true

let private everything = Recipe.everyEpoch []

let private seenToFail (name: string) (law: Decide -> Property) (careless: Decide) =
    testCase $"seen to fail: {name}" (fun () ->
        Expect.isTrue (falsified (law careless)) "a counterexample should be found")

let tests =
    testList
        "9 frozen and stepping never meet"
        [
            for subject in Subject.all do
                let decide = subject.Recipe.Decide

                testList
                    subject.Name
                    [
                        LawChecks.pure' "frozen and stepping never meet" (neverMeet decide)
                        LawChecks.pure' "optimizers step once, in the user's order" (stepOnce decide)
                        LawChecks.pure' "what the user froze stays frozen" (keepFrozen decide)
                        LawChecks.pure'
                            "what no loss reaches is not stepped"
                            (onlyWhatCounts subject.Recipe.Schema decide)
                        LawChecks.pure' "a decision is a function" (isFunction decide)
                    ]

            LawChecks.pure' "a loss counts exactly when its weight is above zero"
            <| Prop.forAll cases (fun (runKeys, progress) ->
                let plan = everything runKeys progress

                lossNames
                |> List.forall (fun name -> Plan.counts name plan = (progress.LossWeights[name] > 0.0)))

            seenToFail "every optimizer steps" neverMeet (fun runKeys progress ->
                { everything runKeys progress with
                    Stepping = runKeys.Optimizers
                })

            seenToFail "nothing is frozen" keepFrozen (fun runKeys progress ->
                { everything runKeys progress with
                    Frozen = Set.empty
                })

            seenToFail
                "a loss that does not count steps"
                (onlyWhatCounts (Schema.basic "a trainer"))
                (fun runKeys progress ->
                    let reached =
                        { progress with
                            LossWeights = progress.LossWeights |> Map.map (fun _ _ -> 1.0)
                        }

                    { everything runKeys progress with
                        Stepping = (everything runKeys reached).Stepping
                    })

            // As an ordinary network, which every loss reaches; not seen where the phase freezes the head anyway.
            for subject in Subject.all do
                if not subject.Recipe.Schema.Heads.IsEmpty && subject.Needed.IsEmpty then
                    seenToFail
                        $"{subject.Name}: a head that is no head"
                        (onlyWhatCounts subject.Recipe.Schema)
                        (fun runKeys progress ->
                            let plan = subject.Recipe.Decide runKeys progress
                            Plan.create [] runKeys plan.Frozen plan.Weights)
        ]
