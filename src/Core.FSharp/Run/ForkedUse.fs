namespace MetricLearning.Core

open TorchSharp
open MetricLearning

/// Using the modules and optimizers of a run for a fork in its midst.
module internal ForkedUse =

    let private written (handles: Handles) =
        [
            for key, handle in handles.Optimizers do
                match handle with
                | OptimizerHandle.Mirrored optimizer
                | OptimizerHandle.Opaque optimizer -> key, optimizer, TorchOptimizers.rates optimizer
                | OptimizerHandle.Value _ -> ()
        ]

    /// Runs an action that steps a fork. Afterwards modes, gradients, and the rates of TorchSharp's optimizers are what they were; the
    /// modules are bound to the fork. Nobody else uses the modules meanwhile.
    let during (handles: Handles) (act: unit -> 'Result) : 'Result =
        Locks.holding handles.Binding.Turns (fun () ->
            use _ = torch.NewDisposeScope()
            let parameters = handles.Groups |> Array.collect _.Parameters
            let gradients = parameters |> Array.map _.grad
            let required = parameters |> Array.map _.requires_grad
            let written = written handles
            let known = handles.Binding.Rates
            let found = ref None
            // Else what was written into an optimizer since the last step would be the fork's rate.
            handles.Binding.WriteRates(Map.ofList [ for key, _, rates in written -> key, rates ])

            try
                Effects.whileKeepingModes [ for handle in handles.Modules -> handle.Module ] (fun () ->
                    found.Value <- Some(act ()))
            finally
                handles.Binding.WriteRates known

                for _, optimizer, rates in written do
                    Effects.writeRates optimizer rates

                handles.Binding.ForgetModes()

                for index in 0 .. parameters.Length - 1 do
                    Effects.requireGradient parameters[index] required[index]
                    Effects.giveGradient parameters[index] gradients[index]

            found.Value.Value)
