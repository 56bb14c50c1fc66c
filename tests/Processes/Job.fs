namespace MetricLearning.ProcessTests

open System
open System.Collections.Concurrent
open System.Diagnostics

/// The launchers of the two families of MPI.
[<RequireQualifiedAccess>]
type Engine =
    | OpenMpi
    | Mpich

/// Several processes of this program, started by a launcher.
[<Sealed>]
type Job(engine: Engine, count: int, arguments: string list, variables: (string * string) list) =
    let lines = ConcurrentQueue<string>()
    let errors = ConcurrentQueue<string>()

    // On one machine, whose processors may be fewer than the processes; in a container as root.
    let launcher, options =
        match engine with
        | Engine.OpenMpi ->
            "mpirun.openmpi",
            "--oversubscribe --bind-to none --mca oob_tcp_if_include lo --mca btl self,vader --mca pml ob1 --mca mpi_yield_when_idle 1"
                .Split
                ' '
        | Engine.Mpich -> "mpiexec.mpich", [| "-iface"; "lo" |]

    let proc =
        let info =
            ProcessStartInfo(launcher, RedirectStandardOutput = true, RedirectStandardError = true)

        for argument in
            [
                yield! options
                "-np"
                string count
                "dotnet"
                Environment.GetCommandLineArgs()[0]
                yield! arguments
            ] do
            info.ArgumentList.Add argument

        for name, value in
            [
                "OMPI_ALLOW_RUN_AS_ROOT", "1"
                "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1"
                "TERM", "dumb"
                "OMP_NUM_THREADS", "1"
                yield! variables
            ] do
            info.Environment[name] <- value

        new Process(StartInfo = info)

    let into (queue: ConcurrentQueue<string>) (received: DataReceivedEventArgs) =
        match received.Data with
        | null -> ()
        | line -> queue.Enqueue line

    do
        proc.OutputDataReceived.Add(into lines)
        proc.ErrorDataReceived.Add(into errors)
        proc.Start() |> ignore
        proc.BeginOutputReadLine()
        proc.BeginErrorReadLine()

    /// Waits until all have ended; the exit code of the launcher.
    member _.End() : int =
        proc.WaitForExit()
        proc.ExitCode

    /// The lines that begin with a word, without it.
    member _.Said(word: string) : string list =
        [
            for line in lines do
                if line.StartsWith(word + " ", StringComparison.Ordinal) then
                    line.Substring(word.Length + 1)
        ]

    /// Waits until a line begins with a word, or all have ended.
    member job.WaitFor(word: string) : unit =
        while job.Said(word).IsEmpty && not (proc.WaitForExit 20) do
            ()

    /// The error stream.
    member _.Errors: string = String.Join("\n", errors)

    interface IDisposable with
        member _.Dispose() =
            if not proc.HasExited then
                proc.Kill()
                proc.WaitForExit()

            proc.Dispose()
