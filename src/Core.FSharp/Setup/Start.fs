namespace MetricLearning.Core

open System
open TorchSharp
open type TorchSharp.torch
open MetricLearning

/// From handles to a run that is ready to start.
module internal Start =

    let private firstLearned (handles: Handles) : Learned =
        let groups =
            handles.Groups
            |> Array.map (fun group ->
                let weights =
                    Vector.ofTensors group.Layout (Array.map (fun parameter -> parameter :> Tensor) group.Parameters)

                let never: int64[] = Array.zeroCreate group.Parameters.Length

                let struct (slots, counts) =
                    match group.Optimizer with
                    | None -> struct ([||], never)
                    | Some key ->
                        match handles.Optimizers |> List.find (fst >> (=) key) |> snd with
                        | OptimizerHandle.Value optimizer ->
                            let struct (rule, _) = optimizer.Groups[group.Index]
                            struct ([| for slot in rule.Slots -> Vector.full group.Layout slot.Fill |], never)
                        | OptimizerHandle.Mirrored optimizer ->
                            TorchOptimizers.takeOver optimizer group.Index group.Parameters group.Layout
                        | OptimizerHandle.Opaque _ -> struct ([||], never)

                {
                    Weights = weights
                    Slots = slots
                    Counts = counts
                })

        let buffers =
            [|
                for group in handles.Buffers -> Vector.ofTensors group.Layout group.Buffers
            |]

        FollowStep.start handles.Following [| for group: GroupState in groups -> group.Weights |]
        FollowStep.start handles.FollowingBuffers buffers
        new Learned(groups, buffers)

    let private firstProgress (options: RunOptions) (schema: Schema) (handles: Handles) (seed: Seed) : Progress =
        let weights =
            match options.LossWeights with
            | null -> Map.ofList [ for term in HandleAssembly.terms schema options -> term, 1.0 ]
            | weights -> Map.ofList weights.Pairs

        let start =
            Progress.start
                seed
                (Option.filter ((<) 0) (Option.ofNullable options.IterationsPerEpoch))
                weights
                Cursor.start

        ({ start with
            Rates = handles.InitialRates
            LossScale = GradientScale.next handles start
         },
         handles.Schedulers)
        ||> List.fold (fun progress (key, _, scheduler) ->
            match scheduler with
            | Scheduler.Pure(schedule, optimizer) ->
                { progress with
                    Schedules = Map.add key (ScheduleState.initial schedule) progress.Schedules
                    Rates =
                        progress.Rates
                        |> Map.change
                            optimizer
                            (Option.map (ScheduleState.start schedule handles.InitialRates[optimizer]))
                }
            | Scheduler.Torch _ ->
                let never = { Count = 0; Scores = [] }
                handles.Binding.NoteSchedule(key, never)

                { progress with
                    TorchSchedules = Map.add key never progress.TorchSchedules
                })

    // A trainer on another thread may be drawing, too.
    let private drawSeed () =
        Locks.drawing [||] (fun () ->
            use draw = torch.randint (Int64.MaxValue, [| 1L |], dtype = ScalarType.Int64)
            draw.item<int64>())

    /// A run that is ready to start; from here on the modules show its weights.
    let start
        (recipe: Recipe)
        (options: RunOptions)
        (source: BatchSource)
        (order: DataOrder)
        (warnings: string list)
        : Run =
        let seed =
            SharedStart.seed (HandleAssembly.chosenProcesses options) (fun () ->
                Option.defaultWith drawSeed (Option.ofNullable options.Seed))

        let handles = HandleAssembly.handles recipe.Schema options source order
        let progress = firstProgress options recipe.Schema handles seed
        let learned = firstLearned handles
        SharedStart.agree recipe options handles learned
        handles.Binding.Bind learned
        handles.Binding.NoteHead learned
        handles.Binding.WriteRates progress.Rates

        {
            Recipe = recipe
            Handles = handles
            State =
                {
                    Progress = progress
                    Learned = learned
                }
            Warnings = warnings
            Checkpoints = options.Checkpoints
        }
