namespace MetricLearning.Core

open TorchSharp
open type TorchSharp.torch
open MetricLearning

/// The learning rates of a step.
module internal LearningRates =

    /// The learning rates of the next step: those that the user or a scheduler wrote into a TorchSharp optimizer since its
    /// rates were last written there, else the state's.
    let current (handles: Handles) (progress: Progress) : Map<string, float[]> =
        (progress.Rates, handles.Optimizers)
        ||> List.fold (fun rates (key, handle) ->
            match handle with
            | OptimizerHandle.Value _ -> rates
            | OptimizerHandle.Mirrored optimizer
            | OptimizerHandle.Opaque optimizer ->
                let found = TorchOptimizers.rates optimizer

                if Map.tryFind key handles.Binding.Rates = Some found then
                    rates
                else
                    Map.add key found rates)
