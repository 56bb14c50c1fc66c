/// The half of a state that needs no libtorch, thousands of cases each.
module MetricLearning.Core.Tests.Laws.PureHalf

open System
open Expecto
open FsCheck
open FsCheck.FSharp
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support

let private outcome (passIsOver: bool) (loss: float) : Outcome =
    {
        Plan =
            {
                Weights = Map.empty
                Frozen = Set.empty
                Stepping = []
            }
        Losses = Map.ofList [ Keys.MetricLoss, loss; Keys.TotalLoss, loss ]
        Rates = Map.empty
        Cursor = Cursor.start
        PassIsOver = passIsOver
        LossScale = None
        IsSkipped = false
    }

let private start iterations =
    Progress.start (Seed.ofInt64 5L) iterations Map.empty Cursor.start

let private advance progress outcome =
    Progress.evolve (Progress.upcoming progress) outcome

/// Iterations with losses, and whether each ends its pass.
let private runs =
    Gen.listOf (
        Gen.zip (Gen.elements [ true; false; false ]) (Gen.choose (-50, 50) |> Gen.map (fun n -> float n / 8.0))
    )
    |> Arb.fromGen

let private follow iterations run =
    List.scan (fun progress (passIsOver, loss) -> advance progress (outcome passIsOver loss)) (start iterations) run

let private progressTests =
    testList
        "progress"
        [
            LawChecks.pure' "with iterations per epoch, epochs are that long whatever the passes"
            <| fun (PositiveInt iterations) ->
                let iterations = 1 + iterations % 9

                Prop.forAll runs (fun run ->
                    follow (Some iterations) run
                    |> List.indexed
                    |> List.tail
                    |> List.forall (fun (step, progress) ->
                        progress.Steps = int64 step
                        && progress.Epoch = (step - 1) / iterations + 1
                        && progress.Iteration = (step - 1) % iterations + 1
                        && progress.EpochIsOver = (step % iterations = 0)))

            LawChecks.pure' "without, an epoch ends with its pass"
            <| Prop.forAll runs (fun run ->
                let states = List.tail (follow None run)

                List.zip run states
                |> List.forall (fun ((passIsOver, _), progress) -> progress.EpochIsOver = passIsOver)
                && List.zip (false :: List.map fst run |> List.truncate states.Length) states
                   |> List.scan (fun epoch (passWasOver, _) -> if passWasOver then epoch + 1 else epoch) 1
                   |> List.tail
                    =
                    List.map _.Epoch states)

            LawChecks.pure' "the sums of an epoch are its losses"
            <| Prop.forAll runs (fun run ->
                let states = List.tail (follow (Some 4) run)

                List.zip run states
                |> List.indexed
                |> List.forall (fun (step, (_, progress)) ->
                    let ofEpoch = run[step - step % 4 .. step] |> List.map snd

                    progress.EpochSums[Keys.TotalLoss] = List.fold (+) 0.0 ofEpoch
                    && (Progress.epochMeans progress)[Keys.TotalLoss] =
                        List.fold (+) 0.0 ofEpoch / float ofEpoch.Length
                    && progress.Losses[Keys.TotalLoss] = snd run[step]))

            LawChecks.pure' "schedules by iteration are due after each, those by epoch and the hook at its end"
            <| Prop.forAll runs (fun run ->
                follow (Some 3) run
                |> List.tail
                |> List.forall (fun progress ->
                    progress.Pending =
                        [
                            Pending.Schedules Moves.ByIteration
                            if progress.EpochIsOver then
                                Pending.Schedules Moves.ByEpoch
                                Pending.EpochEnd
                        ]))

            LawChecks.pure' "the upcoming epoch is asked for as often as one likes"
            <| Prop.forAll runs (fun run ->
                follow (Some 3) run
                |> List.forall (fun progress ->
                    let upcoming = Progress.upcoming progress

                    Progress.upcoming upcoming = upcoming
                    && not upcoming.EpochIsOver
                    && upcoming.Epoch = progress.Epoch + (if progress.EpochIsOver then 1 else 0)
                    && upcoming.Steps = progress.Steps
                    && upcoming.Cursor = progress.Cursor))

            LawChecks.pure' "an epoch that begins forgets the last one's sums and why it stopped"
            <| fun (PositiveInt epoch) ->
                Prop.forAll runs (fun run ->
                    let ended = follow (Some 3) run |> List.last |> Progress.stop StopReason.Hook
                    let begun = Progress.beginEpoch epoch ended

                    begun.Epoch = epoch
                    && begun.Iteration = 0
                    && begun.EpochSums.IsEmpty
                    && begun.Stopped.IsNone
                    && begun.Losses = ended.Losses)

            LawChecks.pure' "the seed of a step depends on the steps taken, not on epochs or losses"
            <| fun (PositiveInt epoch) ->
                Prop.forAll runs (fun run ->
                    let progress = follow (Some 3) run |> List.last
                    let elsewhere = Progress.beginEpoch epoch progress
                    Progress.stepSeed "step" progress = Progress.stepSeed "step" elsewhere)

            LawChecks.pure' "steps have seeds of their own"
            <| fun (NonNegativeInt one) (NonNegativeInt other) ->
                let at steps = { start None with Steps = int64 steps }

                one = other
                || Progress.stepSeed "step" (at one) <> Progress.stepSeed "step" (at other)
        ]

let private keyTests =
    let texts = Gen.elements [ "trunk"; "metric_loss"; "metric"; "a"; "trunk_0"; "" ]

    testList
        "keys"
        [
            LawChecks.pure' "a key is known exactly, never by its beginning"
            <| Prop.forAll (Arb.fromGen (Gen.zip texts texts)) (fun (name, key) ->
                let diagnostics = KeyChecks.optional "Models" [ name ] [ key ]
                diagnostics.Errors.IsEmpty = (name = key))

            LawChecks.pure' "any text at all is known or not, without an exception"
            <| fun (NonNull(key: string | null)) ->
                let key = nonNull key
                (KeyChecks.optional "Models" [ "trunk" ] [ key ]).Errors.IsEmpty = (key = "trunk")

            LawChecks.pure' "keys of optimizers, clippers and schedules never collide"
            <| Prop.forAll (Arb.fromGen (Gen.zip texts texts)) (fun (one, other) ->
                let keysOf name =
                    Keys.optimizerOf name
                    :: Keys.clipperOf name
                    :: List.map (Keys.schedulerOf name) Keys.moves

                one = other
                || Set.isEmpty (Set.intersect (Set.ofList (keysOf one)) (Set.ofList (keysOf other))))
        ]

let private findingTests =
    let diagnostics =
        gen {
            let! mistakes = Gen.listOf (Gen.elements [ "a"; "b" ])
            let! warnings = Gen.listOf (Gen.elements [ "c"; "d" ])
            return Diagnostics.concat [ Diagnostics.errors mistakes; Diagnostics.warnings warnings ]
        }

    testList
        "diagnostics"
        [
            LawChecks.pure' "diagnostics are a monoid"
            <| Prop.forAll (Arb.fromGen (Gen.three diagnostics)) (fun (a, b, c) ->
                let (+) one other = Diagnostics.concat [ one; other ]

                (a + b) + c = a + (b + c)
                && Diagnostics.none + a = a
                && a + Diagnostics.none = a)
        ]

let private lossTests =
    let named (names: string list) : int -> Losses =
        fun input -> Losses [ for name in names -> $"{name}{input}", Unchecked.defaultof<torch.Tensor> ]

    let namesOf (Losses terms) = List.map fst terms
    let terms = Gen.listOf (Gen.elements [ "a"; "b"; "c" ])

    testList
        "<+>"
        [
            LawChecks.pure' "is associative"
            <| fun (input: int) ->
                Prop.forAll (Arb.fromGen (Gen.three terms)) (fun (a, b, c) ->
                    let a, b, c = named a, named b, named c
                    namesOf (((a <+> b) <+> c) input) = namesOf ((a <+> (b <+> c)) input))

            LawChecks.pure' "has none as its unit"
            <| fun (input: int) ->
                Prop.forAll (Arb.fromGen terms) (fun a ->
                    let a = named a

                    namesOf ((a <+> Objective.none) input) = namesOf (a input)
                    && namesOf ((Objective.none <+> a) input) = namesOf (a input))
        ]

let tests =
    testList "the pure half" [ progressTests; keyTests; findingTests; lossTests ]
