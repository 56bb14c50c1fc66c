namespace MetricLearning.Core

open System
open System.Runtime.InteropServices
open MetricLearning

/// Joining the processes that MPI connects.
module internal MpiStart =

    // Whoever calls takes care that one thread calls at a time.
    let private serialized = 2

    let private version () : string =
        let buffer = Array.zeroCreate<byte> 8192
        let mutable length = 0
        MpiCalls.MPI_Get_library_version(buffer, &length) |> ignore
        (MpiLibrary.text length buffer).Split('\n')[0]

    let private rankIn (comm: nativeint) : struct (int * int) =
        let mutable rank = 0
        let mutable size = 0
        MpiLibrary.check "find the number of this process" (MpiCalls.MPI_Comm_rank(comm, &rank))
        MpiLibrary.check "count the processes" (MpiCalls.MPI_Comm_size(comm, &size))
        struct (rank, size)

    // The numbers of the processes of this machine.
    let private ofMachine (family: MpiFamily) (rank: int) (number: int64) : struct (struct (int * int) * int64[]) =
        let mutable machine = 0n

        MpiCalls.MPI_Comm_split_type(family.World, family.SharedMemory, rank, family.NoInfo, &machine)
        |> MpiLibrary.check "find the processes of this machine"

        let struct (_, size) as local = rankIn machine
        let numbers: int64[] = Array.zeroCreate size

        MpiCalls.gatherNumbers ([| number |], 1, family.Int64, numbers, 1, family.Int64, machine)
        |> MpiLibrary.check "compare the processes of this machine"

        MpiCalls.MPI_Comm_free(&machine) |> ignore
        struct (local, numbers)

    // Other processes may be in the middle of something: where this one ends in failure, the launcher ends them.
    let private finalizeAtExit () =
        let mutable isEnded = false

        let onTerm =
            if OperatingSystem.IsWindows() then
                null
            else
                PosixSignalRegistration.Create(PosixSignal.SIGTERM, (fun _ -> isEnded <- true))

        AppDomain.CurrentDomain.ProcessExit.Add(fun _ ->
            GC.KeepAlive onTerm

            if not isEnded && Environment.ExitCode = 0 then
                MpiCalls.MPI_Finalize() |> ignore)

    /// Starts MPI and joins.
    /// Raises InvalidOperationException when the library is not found or does not start.
    let start (launcher: Launcher) : Collective =
        let family = MpiLibrary.find Environment.GetEnvironmentVariable launcher
        let mutable wasStarted = 0
        MpiLibrary.check "start" (MpiCalls.MPI_Initialized(&wasStarted))

        if wasStarted = 0 then
            let mutable provided = 0
            MpiLibrary.check "start" (MpiCalls.MPI_Init_thread(0n, 0n, serialized, &provided))

            if provided < serialized then
                invalidOp
                    "This MPI library can be called from the main thread only; use one that was built with threads."

            finalizeAtExit ()

        let struct (rank, count) = rankIn family.World

        MpiCalls.MPI_Comm_set_errhandler(family.World, family.ErrorsReturn)
        |> MpiLibrary.check "report errors"

        let mine = SharedProcessors.allowed ()
        let struct (local, ofMachine) = ofMachine family rank mine
        SharedProcessors.uses (SharedProcessors.threads Environment.ProcessorCount mine ofMachine)

        let limit =
            WaitLimit($"Process {rank + 1} of {count}", (fun () -> Diagnostics.Process.GetCurrentProcess().Kill()))

        MpiCollective(family, version (), limit, rank, count, local)
