namespace MetricLearning

open System
open System.Collections.Generic

/// All mistakes in the options of a run, together.
type SetupException(trainer: string, mistakes: IReadOnlyList<string>) =
    inherit
        ArgumentException(
            if (Arguments.noneNull (nameof mistakes) mistakes).Length = 1 then
                $"{trainer} cannot be set up: {mistakes[0]}"
            else
                let lines = mistakes |> Seq.map (fun mistake -> "\n  - " + mistake)
                $"{trainer} cannot be set up, {mistakes.Count} mistakes:{String.Concat lines}"
        )

    do ArgumentNullException.ThrowIfNull(trainer, nameof trainer)

    /// The mistakes, one sentence or two each.
    member _.Mistakes = mistakes
