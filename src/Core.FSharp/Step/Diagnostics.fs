namespace MetricLearning.Core

open MetricLearning
open System
open System.Collections.Generic

/// What construction found in the user's input.
type Diagnostics =
    {
        /// What must be changed before anything can run, each naming what to write instead.
        Errors: string list
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

/// Collecting diagnostics: a monoid.
module Diagnostics =

    /// Nothing found.
    let none: Diagnostics = { Errors = []; Warnings = [] }

    /// Mistakes only.
    let errors (texts: string seq) : Diagnostics = { none with Errors = List.ofSeq texts }

    /// Warnings only.
    let warnings (texts: string seq) : Diagnostics =
        { none with
            Warnings = List.ofSeq texts
        }

    /// All diagnostics, in order.
    let concat (diagnostics: Diagnostics seq) : Diagnostics =
        {
            Errors = diagnostics |> Seq.collect _.Errors |> List.ofSeq
            Warnings = diagnostics |> Seq.collect _.Warnings |> List.ofSeq
        }
