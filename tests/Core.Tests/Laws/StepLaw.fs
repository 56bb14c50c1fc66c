/// Law 1: steps are functions.
module MetricLearning.Core.Tests.Laws.StepLaw

open System
open Expecto
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support

type private Step = Run -> TrainingState -> TrainingState

let private real: Step =
    fun prepared -> Iteration.step prepared.Recipe prepared.Handles

/// Steps states of one run in an arbitrary order, each again whenever it is come by again: the results are the same bits,
/// and no state is ever changed.
let private stepsAreFunctions (step: Step) (subject: Subject) (settings: Settings) (order: int) =
    // TorchSharp's schedulers cannot go back, and say so: a test of its own.
    let settings =
        { settings with
            TorchSchedulers = false
        }

    let prepared = Subject.prepare subject settings
    use _ = Session.Start prepared
    let random = (Seed.ofInt64 (int64 order)).Random()
    let states = ResizeArray [ prepared.State, Snapshot.ofState prepared.State ]
    let known = Collections.Generic.Dictionary<int, Snapshot>()

    try
        for _ in 1..7 do
            let chosen = random.Next states.Count
            let stepped = step prepared (fst states[chosen])
            let written = Snapshot.ofState stepped

            match known.TryGetValue chosen with
            | true, before -> Expect.equal written before $"state {chosen}, stepped again"
            | _ -> known[chosen] <- written

            states.Add(stepped, written)

        for number, (state, written) in Seq.indexed states do
            Expect.equal (Snapshot.ofState state) written $"state {number}, after all steps"
    finally
        for state, _ in Seq.skip 1 states do
            (state :> IDisposable).Dispose()

let private withoutSchedules settings =
    { settings with
        Schedule = ScheduleSetting.Constant
        TorchOptimizers = false
        Subset = false
        Miner = 0
        MicroBatchSize = None
        Averaging = 0
        Precision =
            if settings.Precision = Precision.Float16 then
                Precision.BFloat16
            else
                settings.Precision
        HalfWeights = false
    }

let private off (settings: Settings) (mechanisms: Mechanism list) =
    LawChecks.isFalsified $"{mechanisms}" (fun () ->
        stepsAreFunctions (ByHand.step mechanisms) Subject.metricLossOnly settings 5)

let tests =
    testList
        "1 steps are functions"
        [
            LawChecks.law 60 "twice, in any order" (stepsAreFunctions real)

            for settings in Settings.inHalf do
                LawChecks.lawAt settings $"in {Settings.precisionOf settings}" (fun subject settings ->
                    stepsAreFunctions real subject settings 5)

            LawChecks.law 25 "an iteration by hand gives the same bits" (fun subject settings _ ->
                let settings = withoutSchedules settings
                let prepared = Subject.prepare subject settings
                use _ = Session.Start prepared
                use first = real prepared prepared.State
                // On handles of its own: it binds modules behind the library's back.
                let other = Subject.prepare subject settings
                use _ = Session.Start other
                use byHand = ByHand.step [] other other.State
                Expect.equal (Snapshot.ofState first) (Snapshot.ofState byHand) "the first step"
                use second = real prepared first
                use secondByHand = ByHand.step [] other byHand
                Expect.equal (Snapshot.ofState second) (Snapshot.ofState secondByHand) "the second")

            LawChecks.lawAt Settings.rich "a step learns" (fun subject settings ->
                let prepared = Subject.prepare subject settings
                use _ = Session.Start prepared
                use next = real prepared prepared.State

                let plan = Iteration.decide subject.Recipe prepared.Handles prepared.State.Progress
                Expect.isNonEmpty plan.Stepping "something steps"

                let moves (index: int) (group: ParameterGroup) =
                    group.Optimizer |> Option.exists (fun key -> List.contains key plan.Stepping)
                    || prepared.Handles.Following |> Array.exists (fun each -> each.Vector = index)

                for index, (group, (before, after)) in
                    Seq.zip prepared.Handles.Groups (Seq.zip prepared.State.Learned.Groups next.Learned.Groups)
                    |> Seq.indexed do
                    let before = Snapshot.bitsOf before.Weights.Tensor
                    let after = Snapshot.bitsOf after.Weights.Tensor

                    if moves index group then
                        Expect.notEqual after before "weights move"
                    else
                        Expect.equal after before "what does not step stays")

            testCase "by hand, with every mechanism on, the law holds" (fun () ->
                stepsAreFunctions (ByHand.step []) Subject.metricLossOnly Settings.rich 5)

            for loss in RunParts.remembering do
                let settings =
                    { Settings.rich with
                        Loss = loss
                        BatchNorm = false
                    }

                testList
                    $"with {fst RunParts.losses[loss]}"
                    [
                        LawChecks.lawAt settings "twice, in any order" (fun subject settings ->
                            stepsAreFunctions real subject settings 5)

                        off settings [ Mechanism.FreshBuffers ]
                    ]

            for mechanisms in
                [ // The user's generator, put back, would give every step the same numbers.
                    [ Mechanism.Seeding; Mechanism.GeneratorGivenBack ]
                    [ Mechanism.FreshWeights ]
                    [ Mechanism.FreshSlots ]
                    [ Mechanism.FreshBuffers ]
                    [ Mechanism.Binding ]
                    [ Mechanism.ClearedGradients ]
                ] do
                off Settings.rich mechanisms
        ]
