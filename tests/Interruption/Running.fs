namespace MetricLearning.Interruption

open System
open System.Collections.Concurrent
open System.Diagnostics
open System.Threading

/// A victim in a process of its own.
type Running(arguments: string list) =
    let lines = ConcurrentQueue<string>()
    let started = new ManualResetEventSlim()
    let told = new ManualResetEventSlim()

    let proc =
        let info =
            ProcessStartInfo(
                nonNull Environment.ProcessPath,
                RedirectStandardOutput = true,
                RedirectStandardError = true
            )

        // Run as `dotnet Interruption.dll`, or as a program.
        if
            (nonNull Environment.ProcessPath).EndsWith("dotnet", StringComparison.Ordinal)
            || (nonNull Environment.ProcessPath).EndsWith("dotnet.exe", StringComparison.Ordinal)
        then
            info.ArgumentList.Add(Environment.GetCommandLineArgs()[0])

        for argument in arguments do
            info.ArgumentList.Add argument

        new Process(StartInfo = info)

    let errors = ConcurrentQueue<string>()

    let hear (line: string | null) =
        match line with
        | null -> ()
        | line ->
            lines.Enqueue line

            if line.StartsWith("from", StringComparison.Ordinal) then
                started.Set()

            if line.StartsWith("failed", StringComparison.Ordinal) then
                told.Set()

    do
        proc.OutputDataReceived.Add(fun received -> hear received.Data)

        proc.ErrorDataReceived.Add(fun received ->
            match received.Data with
            | null -> ()
            | line -> errors.Enqueue line)

        proc.EnableRaisingEvents <- true

        proc.Exited.Add(fun _ ->
            started.Set()
            told.Set())

        proc.Start() |> ignore
        proc.BeginOutputReadLine()
        proc.BeginErrorReadLine()

    /// Waits until it trains (or has ended).
    member _.WaitForStart() : unit = started.Wait()

    /// Waits until it has told of a checkpoint that could not be written (or has ended).
    member _.WaitForFailure() : unit = told.Wait()

    member _.HasEnded: bool = proc.HasExited

    /// SIGKILL; whether it was still running.
    member _.Kill() : bool =
        proc.Kill()
        proc.WaitForExit()
        // 128 + SIGKILL.
        proc.ExitCode = 137

    member _.WaitForEnd() : unit = proc.WaitForExit()

    /// What it said after this word; null if it did not.
    member _.Said(word: string) : string | null =
        lines
        |> Seq.tryPick (fun line ->
            if line.StartsWith(word + " ", StringComparison.Ordinal) then
                Some(line.Substring(word.Length + 1))
            else
                None)
        |> Option.toObj

    /// What it wrote to the error stream.
    member _.Errors: string = String.Join("\n", errors)

    interface IDisposable with
        member _.Dispose() =
            if not proc.HasExited then
                proc.Kill()
                proc.WaitForExit()

            proc.Dispose()
