namespace MetricLearning.Core

open MetricLearning

/// Entries without a value. They are mistakes, and no other check looks at them.
module internal NullChecks =

    let private isMissing (_: string, value: 'Value) = isNull (box value)

    /// What is null in the user's dictionaries.
    let check (ingredients: Ingredients) : Diagnostics =
        let missing (property: string) (entries: (string * 'Value) list) =
            [
                for key, _ in List.filter isMissing entries do
                    $"{property}[\"{key}\"] is null; give it a value, or leave the key out."
            ]

        Diagnostics.errors
            [
                yield! missing "models" ingredients.Models
                yield! missing "loss_funcs" ingredients.Losses
                yield! missing "optimizers" ingredients.Optimizers
                yield! missing "lr_schedulers" ingredients.Schedules
                yield! missing "gradient_clippers" ingredients.Clippers
                if Seq.exists (fun (name: string) -> isNull (box name)) ingredients.Frozen then
                    "freeze_these has a name that is null; leave it out."
            ]

    /// The ingredients without entries that are null.
    let without (ingredients: Ingredients) : Ingredients =
        let present entries =
            List.filter (fun entry -> not (isMissing entry)) entries

        { ingredients with
            Models = present ingredients.Models
            Losses = present ingredients.Losses
            Optimizers = present ingredients.Optimizers
            Schedules = present ingredients.Schedules
            Clippers = present ingredients.Clippers
            Frozen = List.filter (fun name -> not (isNull (box name))) ingredients.Frozen
        }
