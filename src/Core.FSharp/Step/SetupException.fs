namespace MetricLearning

open System
open System.Collections.Generic

/// All mistakes in the options of a run, together.
type SetupException(trainer: string, mistakes: IReadOnlyList<string>) =
    inherit
        ArgumentException(
            if mistakes.Count = 1 then
                $"{trainer} cannot be set up: {mistakes[0]}"
            else
                let lines = mistakes |> Seq.map (fun mistake -> "\n  - " + mistake)
                $"{trainer} cannot be set up, {mistakes.Count} mistakes:{String.Concat lines}"
        )

    /// The mistakes, one sentence or two each.
    member _.Mistakes = mistakes
