namespace MetricLearning.Benchmarks

open System
open System.Diagnostics

/// The most memory that a process ever holds while it does one thing.
module PeakMemory =

    /// The argument that makes this program such a process; the thing's name follows it.
    let childArgument = "memory-of"

    /// Does the thing and prints the peak.
    let child (act: unit -> unit) : unit =
        act ()
        printfn "%d" (Host.peakMemory ())

    /// What another process prints that does the thing of this name, the peak last; with these environment variables.
    let private linesWith (environment: (string * string) list) (name: string) : string =
        let arguments = [ typeof<Finding>.Assembly.Location; childArgument; name ]

        use child =
            new Process(StartInfo = ProcessStartInfo("dotnet", arguments, RedirectStandardOutput = true))

        for variable, value in environment do
            child.StartInfo.Environment[variable] <- value

        child.Start() |> ignore
        let output = child.StandardOutput.ReadToEnd()
        child.WaitForExit()

        if child.ExitCode <> 0 then
            invalidOp $"The child process for \"{name}\" ended with exit code {child.ExitCode}."

        output.Trim()

    /// What another process prints that does the thing of this name, the peak last.
    let linesOf (name: string) : string = linesWith [] name

    // Makes glibc give freed memory back at once; it keeps much of it otherwise.
    let private givingBack = [ "MALLOC_MMAP_THRESHOLD_", "65536" ]

    /// The peak of another process that does the thing of this name, in bytes, without memory that is free.
    let inUse (name: string) : int64 = Int64.Parse(linesWith givingBack name)

    /// The peak of another process that does the thing of this name, in bytes.
    let ofProcess (name: string) : int64 = Int64.Parse(linesOf name)
