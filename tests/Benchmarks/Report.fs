namespace MetricLearning.Benchmarks

open System

/// A line of the report: how much a thing of ours costs, compared with the same written by hand.
type Finding =
    {
        /// What was measured.
        Name: string
        /// Ours and the one by hand, with units.
        Ours: string
        Baseline: string
        /// Ours / by hand.
        Ratio: float
        /// The middle half of the ratios, where there are several.
        Spread: (float * float) option
        /// The ratio should not be above this; none where there is no promise.
        Target: float option
    }

/// Printing diagnostics.
module Report =

    let private verdict (finding: Finding) =
        match finding.Target with
        | None -> ""
        | Some target when finding.Ratio <= target -> $"<= {target:F2} met"
        | Some target -> $"<= {target:F2} MISSED"

    /// A heading and its columns.
    let head (title: string) : unit =
        printfn ""
        printfn "%s" title
        printfn "%-44s %12s %12s %7s  %-13s %s" "" "ours" "by hand" "ratio" "middle half" "target"

    /// One line of a table.
    let line (finding: Finding) : unit =
        let spread =
            match finding.Spread with
            | Some(low, high) -> $"{low:F3}-{high:F3}"
            | None -> ""

        printfn
            "%-44s %12s %12s %7.3f  %-13s %s"
            finding.Name
            finding.Ours
            finding.Baseline
            finding.Ratio
            spread
            (verdict finding)

    /// A time, in the unit that fits it.
    let time (span: TimeSpan) : string =
        if span.TotalMilliseconds < 1.0 then
            $"{span.TotalMicroseconds:F1} us"
        else
            $"{span.TotalMilliseconds:F3} ms"

    /// The mean, and the standard deviation of several.
    let spread (values: float list) : string =
        let mean = List.average values

        match values with
        | [ _ ] -> $"{mean:F3}"
        | _ ->
            let squares = values |> List.sumBy (fun value -> pown (value - mean) 2)
            $"{mean:F3} ± {sqrt (squares / float (values.Length - 1)):F3}"

    /// An amount of memory.
    let megabytes (bytes: int64) : string = $"{float bytes / 1048576.0:F1} MiB"
