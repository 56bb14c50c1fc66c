namespace MetricLearning.Parity

/// What came of a file's cases.
type Report =
    {
        File: string
        Verdicts: (Case * Verdict) list
        /// Listed in differences.json and not run.
        Different: int
    }

[<RequireQualifiedAccess>]
module Report =

    /// Runs a file's cases, all but the deliberate differences.
    let ofCases (differences: Set<string * string * string>) (file: string) (cases: Case list) : Report =
        let different, compared =
            cases
            |> List.partition (fun case -> differences.Contains(file, case.Group, case.Id))

        {
            File = file
            Verdicts = compared |> List.map (fun case -> case, Case.run case)
            Different = different.Length
        }

    let private countOf (predicate: Verdict -> bool) (report: Report) : int =
        report.Verdicts |> List.filter (snd >> predicate) |> List.length

    let passed (report: Report) : int = countOf _.IsPassed report
    let failed (report: Report) : int = countOf _.IsFailed report
    let skipped (report: Report) : int = countOf _.IsSkipped report

    let numbers (report: Report) : int =
        report.Verdicts
        |> List.sumBy (fun (_, verdict) ->
            match verdict with
            | Passed numbers -> numbers
            | _ -> 0)

    /// "12 passed, 0 failed", and ", 3 skipped" where there are any.
    let counts (reports: Report list) : string =
        let sum count = List.sumBy count reports

        let tail =
            match sum skipped with
            | 0 -> ""
            | skipped -> $", %d{skipped} skipped"

        $"%d{sum passed} passed, %d{sum failed} failed%s{tail}"

    /// Each failing case with the first number that differs, and each missing part with the cases that need it.
    let print (report: Report) : unit =
        for case, verdict in report.Verdicts do
            match verdict with
            | Failed difference -> printfn $"FAILED %s{report.File}/%s{case.Group} %s{case.Id}: %O{difference}"
            | _ -> ()

        report.Verdicts
        |> List.choose (fun (case, verdict) ->
            match verdict with
            | Skipped missing -> Some(missing, case.Id)
            | _ -> None)
        |> List.groupBy fst
        |> List.iter (fun (missing, cases) ->
            let ids = cases |> List.map snd |> String.concat ", "
            printfn $"skipped %s{report.File}, needs %s{missing} (%d{cases.Length}): %s{ids}")

        // Not in the words of the last line, which scripts look for.
        let cases = report.Verdicts.Length + report.Different

        printfn
            $"%s{report.File}: %d{cases} cases, %d{passed report} agree, %d{failed report} differ, %d{skipped report} wait for parts, %d{report.Different} differ on purpose; %d{numbers report} numbers compared"
