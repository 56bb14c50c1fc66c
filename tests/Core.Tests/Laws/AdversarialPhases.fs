/// Law 9 of the trainer that has phases: they partition the epochs, and each is what the table says. Without libtorch.
module MetricLearning.Core.Tests.Laws.AdversarialPhases

open System
open Expecto
open FsCheck
open FsCheck.FSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support

type private Decide = Adversarial -> RunKeys -> Progress -> Plan

let private options metricAlone generatorAlone : Adversarial =
    {
        MetricAloneEpochs = metricAlone
        GeneratorAloneEpochs = generatorAlone
        TripletsPerAnchor = Nullable()
    }

let private real: Decide =
    fun options -> (DeepAdversarialMetricLearning.recipe options).Decide

let private lengths = Gen.frequency [ 1, Gen.constant 0; 4, Gen.choose (0, 25) ]

let private cases =
    Arb.fromGen (Gen.zip (Gen.map2 options lengths lengths) (Gen.zip PhaseLaw.rosters PhaseLaw.progresses))

/// As many epochs of each phase as were asked for, in their order, whatever comes after.
let private partition (at: Adversarial -> int -> Phase) =
    Prop.forAll (Arb.fromGen (Gen.three lengths)) (fun (metricAlone, generatorAlone, rest) ->
        let phases =
            List.init (metricAlone + generatorAlone + rest) (fun index ->
                at (options metricAlone generatorAlone) (index + 1))

        phases =
            List.replicate metricAlone Phase.MetricAlone
            @ List.replicate generatorAlone Phase.GeneratorAlone
            @ List.replicate rest Phase.Together)

/// What counts, who is frozen and who may step, as behaviour.md tells it.
let private table =
    let ofMetric = [ "metric_loss"; "classifier_loss" ]
    let ofGenerator = [ "g_hard_loss"; "g_reg_loss"; "g_adv_loss" ]

    dict
        [
            Phase.MetricAlone, (ofMetric, [ "generator" ], [ "trunk"; "embedder"; "classifier" ])
            Phase.GeneratorAlone, (ofGenerator, [ "trunk"; "classifier" ], [ "generator" ])
            Phase.Together,
            ("synth_loss" :: ofMetric @ ofGenerator, [], [ "trunk"; "embedder"; "classifier"; "generator" ])
        ]

let private rowOf (options: Adversarial) (progress: Progress) = table[Phase.at options progress.Epoch]

let private hasWeightsOfPhase (decide: Decide) =
    Prop.forAll cases (fun (options, (runKeys, progress)) ->
        let losses, _, _ = rowOf options progress
        let plan = decide options runKeys progress

        plan.Weights.Count = progress.LossWeights.Count
        && progress.LossWeights
           |> Map.forall (fun name weight -> plan.Weights[name] = (if List.contains name losses then weight else 0.0)))

let private freezesPhase (decide: Decide) =
    Prop.forAll cases (fun (options, (runKeys, progress)) ->
        let _, frozen, _ = rowOf options progress
        (decide options runKeys progress).Frozen = runKeys.Frozen + Set.ofList frozen)

/// The optimizers of the phase's networks, and of losses that count in it: all that are given, unless frozen or out of reach.
let private stepsPhase (decide: Decide) =
    Prop.forAll cases (fun (options, (runKeys, progress)) ->
        let losses, frozen, networks = rowOf options progress

        let counts name =
            List.contains name losses && progress.LossWeights[name] > 0.0

        let anyCounts = runKeys.Terms |> List.exists counts

        let steps owner =
            not (runKeys.Frozen.Contains owner)
            && not (List.contains owner frozen)
            && match owner with
               | "classifier" -> List.contains owner networks && counts "classifier_loss"
               | "trunk"
               | "embedder"
               | "generator" -> List.contains owner networks && anyCounts
               // Not a network of this trainer.
               | "classifier_1" -> anyCounts
               | loss -> counts loss

        let ofThoseHere =
            List.filter (fun key -> List.contains (Keys.ownerOf key) (PhaseLaw.takePart runKeys))

        ofThoseHere (decide options runKeys progress).Stepping =
            List.filter (Keys.ownerOf >> steps) (ofThoseHere runKeys.Optimizers))

let private seenToFail (name: string) (law: Property) =
    testCase $"seen to fail: {name}" (fun () ->
        Expect.isTrue (PhaseLaw.falsified law) "a counterexample should be found")

let tests =
    testList
        "9 phases partition the epochs"
        [
            LawChecks.pure' "each as long as it was asked for, in their order" (partition Phase.at)
            LawChecks.pure'
                "outside its phase a loss weighs nothing, inside what the user says"
                (hasWeightsOfPhase real)
            LawChecks.pure' "frozen is what the phase and what the user freezes" (freezesPhase real)
            LawChecks.pure' "the phase's networks and losses step" (stepsPhase real)

            seenToFail "an epoch too late" (partition (fun options epoch -> Phase.at options (epoch - 1)))

            seenToFail
                "the generator's epochs counted from the first"
                (partition (fun options epoch ->
                    if epoch <= options.MetricAloneEpochs then
                        Phase.MetricAlone
                    elif epoch <= options.GeneratorAloneEpochs then
                        Phase.GeneratorAlone
                    else
                        Phase.Together))

            let off (change: RunKeys -> Progress -> Plan -> Plan) : Decide =
                fun options runKeys progress -> change runKeys progress (real options runKeys progress)

            seenToFail
                "weights as the user gave them"
                (hasWeightsOfPhase (
                    off (fun _ progress plan ->
                        { plan with
                            Weights = progress.LossWeights
                        })
                ))

            seenToFail
                "the phase freezes instead of the user"
                (freezesPhase (
                    off (fun runKeys _ plan ->
                        { plan with
                            Frozen = plan.Frozen - runKeys.Frozen
                        })
                ))

            seenToFail
                "the phase freezes nothing"
                (freezesPhase (off (fun runKeys _ plan -> { plan with Frozen = runKeys.Frozen })))

            seenToFail
                "the embedder does not rest"
                (stepsPhase (
                    off (fun runKeys _ plan ->
                        Plan.create DeepAdversarialMetricLearning.schema.Heads runKeys plan.Frozen plan.Weights)
                ))

            seenToFail
                "losses do not step"
                (stepsPhase (
                    off (fun runKeys _ plan ->
                        { plan with
                            Stepping =
                                plan.Stepping
                                |> List.filter (fun key -> not (List.contains (Keys.ownerOf key) runKeys.Losses))
                        })
                ))
        ]
