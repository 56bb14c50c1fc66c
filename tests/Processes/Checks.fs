namespace MetricLearning.ProcessTests

open System
open MetricLearning

/// Checks that every process makes; a line of each goes to whoever started the processes.
module Checks =

    let private say (line: string) =
        Console.Out.WriteLine line
        Console.Out.Flush()

    /// One check of this process.
    let check (processes: Processes) (name: string) (holds: bool) (found: string) : unit =
        if holds then
            say $"passed {name}"
        else
            say $"failed {name}, process {processes.Rank + 1} of {processes.Count}: {found}"

    /// Checks that two values are equal.
    let equal (processes: Processes) (name: string) (found: 'T) (wanted: 'T) : unit =
        check processes name (found = wanted) $"{found} instead of {wanted}"

    /// Something that whoever started the processes wants to know.
    let tell (word: string) (what: string) : unit = say $"{word} {what}"
