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

/// What benchmarks print: tables, one after the other.
module Report =

    // Those that were begun, the one that is being filled at the end.
    let private sections = ResizeArray<Section>()

    /// Begins a table with these columns, of which the first one is for names.
    let table (title: string) (columns: string list) : unit = sections.Add(Section(title, columns))

    /// A row of the table that was begun last.
    let row (cells: string list) : unit = sections[sections.Count - 1].Add cells

    /// The tables that are begun while this is done.
    let during (act: unit -> unit) : Section list =
        let before = sections.Count
        act ()
        [ for index in before .. sections.Count - 1 -> sections[index] ]

    // Three digits that count.
    let private rounded (value: float) : string =
        if value >= 100.0 then $"{value:N0}"
        elif value >= 10.0 then $"{value:F1}"
        else $"{value:F2}"

    let private ratio (value: float) : string =
        if value < 0.1 then $"{value:F3}" else $"{value:F2}"

    let private verdict (finding: Finding) : string =
        match finding.Target with
        | None -> ""
        | Some target when finding.Ratio <= target -> $"≤ {target:F2}"
        | Some target -> $"≤ {target:F2} MISSED"

    /// Begins a table of findings that compares what is called so.
    let compare (title: string) (ours: string) (baseline: string) : unit =
        table title [ ""; ours; baseline; "ratio"; "middle half"; "target" ]

    /// Begins a table of findings that compares the library with the same written by hand.
    let head (title: string) : unit = compare title "library" "by hand"

    /// One line of a table of findings.
    let line (finding: Finding) : unit =
        let spread =
            match finding.Spread with
            | Some(low, high) -> $"{ratio low}–{ratio high}"
            | None -> ""

        row
            [
                finding.Name
                finding.Ours
                finding.Baseline
                ratio finding.Ratio
                spread
                verdict finding
            ]

    /// A time, in the unit that fits it.
    let time (span: TimeSpan) : string =
        if span.TotalMilliseconds < 1.0 then
            $"{rounded span.TotalMicroseconds} µs"
        elif span.TotalSeconds < 1.0 then
            $"{rounded span.TotalMilliseconds} ms"
        else
            $"{rounded span.TotalSeconds} s"

    /// The mean, and the standard deviation of several.
    let spread (values: float list) : string =
        let mean = List.average values

        match values with
        | [ _ ] -> $"{mean:F3}"
        | _ ->
            let squares = values |> List.sumBy (fun value -> pown (value - mean) 2)
            $"{mean:F3} ± {sqrt (squares / float (values.Length - 1)):F3}"

    /// An amount of memory.
    let megabytes (bytes: int64) : string =
        $"{rounded (float bytes / 1048576.0)} MiB"

    /// How many threads libtorch is given.
    let threads (count: int) : string =
        if count = 1 then "1 thread" else $"{count} threads"
