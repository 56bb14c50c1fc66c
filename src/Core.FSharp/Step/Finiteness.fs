namespace MetricLearning.Core

open System
open MetricLearning

/// Keeping numbers that are not finite out of states.
module internal Finiteness =

    /// The losses, if their sum is finite; else raises NotFiniteNumberException.
    let check (progress: Progress) (losses: Map<string, float>) : Map<string, float> =
        if not (Double.IsFinite losses[Keys.TotalLoss]) then
            let values =
                losses
                |> Map.toSeq
                |> Seq.map (fun (name, value) -> $"{name} = {value}")
                |> String.concat ", "

            raise (
                NotFiniteNumberException(
                    $"The loss is not finite in epoch {progress.Epoch}, iteration {progress.Iteration} ({values}). Nothing was changed; look for NaN or infinite inputs, or lower the learning rate.",
                    losses[Keys.TotalLoss]
                )
            )

        losses
