namespace MetricLearning.Core

open System
open TorchSharp
open type TorchSharp.torch
open MetricLearning
open MetricLearning.Core

/// From what a user gives to a run that is ready to start, or all mistakes together. The user's lists, dictionaries
/// and loss objects are only read.
module Setup =

    let private keyFindings (schema: Schema) (ingredients: Ingredients) : Diagnostics =
        let names = List.map fst (schema.Models @ schema.Losses)

        let models, losses =
            List.map fst ingredients.Models, List.map fst ingredients.Losses

        let schedules = List.allPairs names Keys.moves |> List.map ((<||) Keys.schedulerOf)

        Diagnostics.concat
            [
                KeyChecks.table "models" schema.Models models
                KeyChecks.table "loss_funcs" schema.Losses losses
                KeyChecks.heads schema.Heads models losses
                KeyChecks.optional "mining_funcs" schema.Miners (List.map fst ingredients.Miners)
                KeyChecks.optional "optimizers" (List.map Keys.optimizerOf names) (List.map fst ingredients.Optimizers)
                KeyChecks.optional "lr_schedulers" schedules (List.map fst ingredients.Schedules)
                KeyChecks.optional
                    "gradient_clippers"
                    (List.map Keys.clipperOf names)
                    (List.map fst ingredients.Clippers)
                KeyChecks.frozen schema ingredients.Frozen
                match ingredients.LossWeights with
                | Some weights -> KeyChecks.weights (HandleAssembly.terms schema ingredients) weights
                | None -> Diagnostics.none
            ]

    /// Everything that is wrong or doubtful in the ingredients but for the data. Nothing is changed.
    let private inspectParts (recipe: Recipe) (ingredients: Ingredients) : Diagnostics =
        let ownChecks =
            [
                keyFindings recipe.Schema ingredients
                recipe.Inspect ingredients
                PartChecks.networks recipe.Schema ingredients
                PartChecks.losses ingredients
                PartChecks.miners ingredients
                PartChecks.optimizers ingredients
                PartChecks.numbers ingredients
                ScheduleChecks.check ingredients
            ]

        // Modules are looked into only when they are modules and alive.
        let areAlive =
            [ PartChecks.networks recipe.Schema ingredients; PartChecks.losses ingredients ]
            |> List.forall _.Errors.IsEmpty

        Diagnostics.concat
            [
                yield! ownChecks
                if areAlive then
                    let modules = HandleAssembly.all ingredients
                    SharingChecks.overlaps modules
                    SharingChecks.frozenAlike modules ingredients.Frozen
                    SharingChecks.devices modules (HandleAssembly.chosenDevice ingredients)
                    SharingChecks.idle modules ingredients.Optimizers ingredients.Frozen
            ]

    /// A run of the recipe that is ready to start. From here on the modules show the run's weights.
    /// Raises SetupException with all mistakes; then nothing was changed.
    let prepare (recipe: Recipe) (ingredients: Ingredients) : Run =
        let nulls = NullChecks.check ingredients
        let ingredients = NullChecks.without ingredients
        let diagnostics = Diagnostics.concat [ nulls; inspectParts recipe ingredients ]
        let source = DataChecks.source ingredients
        let order = source |> Result.bind (DataChecks.order ingredients)

        match diagnostics.Errors, source, order with
        | [], Ok source, Ok order -> Start.start recipe ingredients source order diagnostics.Warnings
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
