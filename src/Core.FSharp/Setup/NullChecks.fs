namespace MetricLearning.Core

open System
open System.Collections.Generic
open MetricLearning

/// Checks for options that are not set. Entries without a value are mistakes, and all other checks ignore them.
module internal NullChecks =

    /// Raises ArgumentNullException when the options are null, or one of those without a default is not set.
    let require (options: RunOptions) : unit =
        ArgumentNullException.ThrowIfNull(options, nameof options)

        let isSet (name: string) (value: obj | null) =
            if isNull value then
                raise (
                    ArgumentNullException(
                        name,
                        $"{name} is not set; only an empty dictionary of optimizers is allowed."
                    )
                )

        isSet (nameof options.Models) options.Models
        isSet (nameof options.Optimizers) options.Optimizers
        isSet (nameof options.LossFuncs) options.LossFuncs
        isSet (nameof options.Dataset) options.Dataset

    /// The entries of the dictionaries that are null.
    let check (options: RunOptions) : Diagnostics =
        let missing (property: string) (entries: KeyValuePair<string, 'Value> seq) =
            [
                for KeyValue(key, value) in entries do
                    if isNull (box value) then
                        $"{property}[\"{key}\"] is null; give it a value, or leave the key out."
            ]

        Diagnostics.errors
            [
                yield! missing "Models" options.Models
                yield! missing "LossFuncs" options.LossFuncs
                yield! missing "Optimizers" options.Optimizers
                yield! missing "MiningFuncs" options.MiningFuncs
                yield! missing "LrSchedulers" options.LrSchedulers
                yield! missing "GradientClippers" options.GradientClippers
                if Seq.exists (fun (name: string) -> isNull (box name)) options.FreezeThese then
                    "FreezeThese has a name that is null; leave it out."
            ]
