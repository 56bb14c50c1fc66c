namespace MetricLearning.Core

open System
open System.Collections.Generic

/// What construction found in the user's input.
type Findings =
    {
        /// What must be changed before anything can run, each naming what to write instead.
        Mistakes: string list
        /// What is probably not meant.
        Warnings: string list
    }

/// All mistakes that construction found, together.
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

/// Collecting findings: a monoid.
module Findings =

    /// Nothing found.
    let none: Findings = { Mistakes = []; Warnings = [] }

    /// Mistakes only.
    let mistakes (texts: string seq) : Findings =
        { none with
            Mistakes = List.ofSeq texts
        }

    /// Warnings only.
    let warnings (texts: string seq) : Findings =
        { none with
            Warnings = List.ofSeq texts
        }

    /// All findings, in order.
    let concat (findings: Findings seq) : Findings =
        {
            Mistakes = findings |> Seq.collect _.Mistakes |> List.ofSeq
            Warnings = findings |> Seq.collect _.Warnings |> List.ofSeq
        }
