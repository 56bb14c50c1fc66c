namespace MetricLearning.Core

open System
open TorchSharp
open type TorchSharp.torch
open MetricLearning
open MetricLearning.Core

/// From options to a run that is ready to start, or all mistakes together. Options are only read.
module Setup =

    let private keyFindings (schema: Schema) (options: RunOptions) : Diagnostics =
        let names = Schema.learning schema

        let models, losses =
            List.map fst options.Models.Present, List.map fst options.LossFuncs.Present

        let schedules =
            List.allPairs (names @ [ Keys.All ]) Keys.moves
            |> List.map ((<||) Keys.schedulerOf)

        Diagnostics.concat
            [
                KeyChecks.table "Models" schema.Models models
                KeyChecks.table "LossFuncs" schema.Losses losses
                KeyChecks.heads schema.Heads models losses
                KeyChecks.optional "MiningFuncs" schema.Miners (List.map fst options.MiningFuncs.Present)
                KeyChecks.optional
                    "Optimizers"
                    (List.map Keys.optimizerOf names)
                    (List.map fst options.Optimizers.Present)
                KeyChecks.optional "LrSchedulers" schedules (List.map fst options.LrSchedulers.Present)
                KeyChecks.optional
                    "GradientClippers"
                    (List.map Keys.clipperOf names)
                    (List.map fst options.GradientClippers.Present)
                KeyChecks.frozen schema options.Frozen
                match options.LossWeights with
                | null -> Diagnostics.none
                | weights -> KeyChecks.weights (HandleAssembly.terms schema options) weights.Pairs
            ]

    /// Mistakes and doubts in the options, except in the data. Nothing is changed.
    let private inspectParts (recipe: Recipe) (options: RunOptions) : Diagnostics =
        let ownChecks =
            [
                keyFindings recipe.Schema options
                recipe.Inspect options
                PartChecks.networks recipe.Schema options
                FollowerChecks.areThere recipe.Schema options
                PartChecks.losses options
                PartChecks.miners options
                PartChecks.optimizers options
                PartChecks.numbers options
                PartChecks.checkpoints options
                PrecisionChecks.possible options
                DataChecks.batchSizes options
                LabelChecks.check options
                ScheduleChecks.check options
            ]

        // Modules are looked into only when they are modules and alive.
        let areAlive =
            [ PartChecks.networks recipe.Schema options; PartChecks.losses options ]
            |> List.forall _.Errors.IsEmpty

        Diagnostics.concat
            [
                yield! ownChecks
                if areAlive then
                    let modules = HandleAssembly.all options
                    FollowerChecks.areAlike recipe.Schema options
                    SharingChecks.overlaps modules
                    SharingChecks.frozenAlike modules options.Frozen
                    SharingChecks.devices modules (HandleAssembly.chosenDevice options)

                    PrecisionChecks.effect
                        (modules
                         |> List.filter (fun handle -> List.exists (fst >> (=) handle.Key) options.Models.Present))
                        (HandleAssembly.chosenDevice options)
                        options

                    OptimizerChecks.belong modules options.Optimizers.Present
                    OptimizerChecks.precision options.Precision modules options.Optimizers.Present

                    SharingChecks.idle
                        modules
                        options.Optimizers.Present
                        (options.Frozen @ List.map _.Network recipe.Schema.Followers)
            ]

    let private prepareAlone (recipe: Recipe) (options: RunOptions) : Run =
        let diagnostics =
            Diagnostics.concat [ NullChecks.check options; inspectParts recipe options ]

        let source = DataChecks.source options
        let order = source |> Result.bind (DataChecks.order options)

        match diagnostics.Errors, source, order with
        | [], Ok source, Ok order ->
            Start.start recipe options source order (diagnostics.Warnings @ DataChecks.doubts options)
        | mistakes, source, order ->
            let ofData =
                match source, order with
                | Error mistake, _ -> [ mistake ]
                | Ok source, order ->
                    (source :> IDisposable).Dispose()

                    match order with
                    | Error mistake -> [ mistake ]
                    | Ok _ -> []

            raise (SetupException(recipe.Schema.Trainer, List.toArray (mistakes @ ofData)))

    /// A run of the recipe that is ready to start. From here on the modules are bound to the run's weights.
    /// Raises SetupException with all mistakes; then nothing was changed.
    let prepare (recipe: Recipe) (options: RunOptions) : Run =
        NullChecks.require options
        let processes = HandleAssembly.chosenProcesses options
        processes.Meeting.Together(fun () -> prepareAlone recipe options)
