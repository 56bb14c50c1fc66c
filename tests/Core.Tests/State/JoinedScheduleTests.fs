/// Schedules one after the other and at once.
module MetricLearning.Core.Tests.State.JoinedScheduleTests

open System
open Expecto
open FsCheck
open MetricLearning
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.ScheduleTrace

let private parts =
    [|
        Schedule.Step(3L, 0.5)
        Schedule.Exponential 0.9
        Schedule.CosineAnnealing(7L, 0.001)
        Schedule.CosineAnnealingWarmRestarts(4L, 2L)
        Schedule.Linear(0.1, 1.0, 5L)
        Schedule.Polynomial(6L, 2.0)
        Schedule.OneCycle(0.5, 60L)
    |]

let private part (index: NonNegativeInt) = parts[index.Get % parts.Length]

let private curve (schedule: Schedule) (last: int64) =
    [ for steps in 0L .. last -> schedule.RateAfter(0.1, steps) ]

let private properties =
    [
        testPropertyWithConfig
            Checked.config
            "one after the other is each by itself"
            (fun first second (length: PositiveInt) ->
                let first, second, length = part first, part second, int64 (length.Get % 50 + 1)
                let joined = first.Then(second, length)

                Expect.equal
                    (curve joined (length + 20L))
                    (curve first (length - 1L) @ curve second 20L)
                    "the curves, end to end")
        testPropertyWithConfig Checked.config "at once is the product of both factors" (fun one other ->
            let one, other = part one, part other

            for steps in 0L .. 20L do
                let expected = one.RateAfter(0.1, steps) * other.RateAfter(0.1, steps) / 0.1

                Expect.floatClose
                    Accuracy.high
                    ((one.ChainedWith other).RateAfter(0.1, steps))
                    expected
                    $"after {steps}")
        testPropertyWithConfig Checked.config "step by step, a run follows the curve" (fun first second third ->
            let joined =
                (part first).Then(part second, 4L).Then((part third).ChainedWith(Schedule.Exponential 0.95), 9L)

            trace joined 25
            |> List.iteri (fun steps rates ->
                initial
                |> Array.iteri (fun group rate ->
                    Expect.floatClose
                        Accuracy.high
                        rates[group]
                        (joined.RateAfter(rate, int64 steps, group))
                        $"{steps}")))
    ]

let private byHand =
    [
        test "a warm-up and a cosine" {
            let schedule =
                Schedule.Linear(0.25, totalIters = 3L).Then(Schedule.CosineAnnealing 4L)

            let cosine part =
                0.1 * (1.0 + cos (Math.PI * part)) / 2.0

            near
                [| 0.025; 0.05; 0.075; 0.1; cosine 0.25; cosine 0.5; cosine 0.75; 0.0 |]
                (Array.ofList (curve schedule 7L))
                "rates"
        }
        test "three in a row each last as long as they take" {
            let schedule =
                Schedule.Linear(0.5, totalIters = 2L).Then(Schedule.Linear(1.0, 0.5, 2L)).Then(Schedule.Exponential 1.0)

            near [| 0.05; 0.075; 0.1; 0.075; 0.1; 0.1 |] (Array.ofList (curve schedule 5L)) "rates"
        }
        test "the momentum of one cycle mirrors its rate" {
            let rate, momentum =
                Schedule.OneCycle(1.0, 20L, annealStrategy = AnnealStrategy.Linear),
                Schedule.OneCycleMomentum(20L, 0.8, 0.9, annealStrategy = AnnealStrategy.Linear)

            let numbers = [ for steps in 0L .. 19L -> momentum.RateAfter(0.5, steps) ]
            Expect.floatClose Accuracy.high numbers[0] 0.9 "it begins high"
            Expect.floatClose Accuracy.high numbers[5] 0.8 "it is lowest where the rate is highest"
            Expect.floatClose Accuracy.high numbers[19] 0.9 "it ends high"

            let highest = List.maxBy (fun steps -> rate.RateAfter(0.1, steps)) [ 0L .. 19L ]
            Expect.equal highest 5L "the rate's peak"
        }
    ]

let private refusals =
    let refused (name: string) (message: string) (make: unit -> Schedule) =
        test $"{name}: {message}" { throws<ArgumentException> message (fun () -> make () |> ignore) }

    let plateau = Schedule.ReduceOnPlateau()

    [
        refused "no end" "say after how many steps" (fun () ->
            (Schedule.Exponential 0.9).Then(Schedule.Exponential 0.8))
        refused "no time" "at least 1" (fun () -> (Schedule.Exponential 0.9).Then(Schedule.Exponential 0.8, 0L))
        refused "too long" "is over before" (fun () -> Schedule.OneCycle(1.0, 5L).Then(Schedule.Exponential 0.9, 9L))
        refused "a plateau first" "moves by values" (fun () -> plateau.Then(Schedule.Exponential 0.9, 4L))
        refused "a plateau next" "moves by values" (fun () -> (Schedule.Exponential 0.9).Then(plateau, 4L))
        refused "a plateau at once" "moves by values" (fun () -> (Schedule.Exponential 0.9).ChainedWith plateau)
        refused "another optimizer" "Join them first" (fun () ->
            Schedule.Linear().Then((Schedule.Exponential 0.9).Drives "trunk_optimizer"))
        test "a plateau has no curve" {
            throws<InvalidOperationException> "no curve" (fun () -> plateau.RateAfter(0.1, 3L) |> ignore)
        }
    ]

let tests = testList "joined schedules" (properties @ byHand @ refusals)
