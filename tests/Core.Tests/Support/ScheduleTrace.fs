module MetricLearning.Core.Tests.Support.ScheduleTrace

open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core

let initial = [| 0.1; 0.02 |]

/// The rates of two parameter groups before the first step and after each.
let trace (schedule: Schedule) (steps: int) : float[] list =
    let first = ScheduleState.start schedule initial initial

    ((ScheduleState.initial schedule, first), [ 1..steps ])
    ||> List.scan (fun (state, rates) _ ->
        let struct (state, rates) = ScheduleState.advance schedule initial rates state
        state, rates)
    |> List.map snd

let near (expected: float[]) (actual: float[]) (what: string) =
    Array.iter2 (fun expected actual -> Expect.isLessThan (abs (expected - actual)) 1e-12 what) expected actual

type Maker = torch.optim.Optimizer -> torch.optim.lr_scheduler.LRScheduler
