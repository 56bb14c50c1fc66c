namespace MetricLearning.Core

/// The mistakes and doubts that construction found in the options.
type Diagnostics =
    {
        /// The mistakes, each saying what to write instead: nothing can run before they are mended.
        Errors: string list
        /// Settings that are probably not meant.
        Warnings: string list
    }

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
