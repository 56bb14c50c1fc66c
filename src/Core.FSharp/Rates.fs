namespace MetricLearning.Core

open TorchSharp
open type TorchSharp.torch

/// Which learning rates rule.
module internal Rates =

    /// The learning rates that rule this step: what the user or a scheduler wrote into a TorchSharp optimizer since
    /// its rates were last written there, else the state's.
    let current (handles: Handles) (progress: Progress) : Map<string, float[]> =
        handles.Optimizers
        |> Seq.map (fun (key, driver) ->
            let known = progress.Rates[key]

            match driver with
            | Driver.Pure _ -> key, known
            | Driver.Twin optimizer
            | Driver.InPlace optimizer ->
                let found = TorchOptimizers.rates optimizer
                key, (if Map.tryFind key handles.Shown.Rates = Some found then known else found))
        |> Map.ofSeq
