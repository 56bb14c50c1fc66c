namespace MetricLearning

open System
open MetricLearning.Core

/// The processes that train one run together: those that mpirun, mpiexec or srun has started, or this one by itself. Every process runs the
/// same program: it makes the same trainer with the same options and calls the same of its members.
[<Sealed>]
type Processes internal (collective: Collective) =

    static let alone = Processes(Alone())
    static let gate = obj ()
    static let mutable joined: Processes | null = null

    let meeting = Meeting collective

    /// This process by itself.
    static member Alone: Processes = alone

    static member private Find() : Processes =
        match Launcher.find Environment.GetEnvironmentVariable with
        | Launcher.None -> alone
        | Launcher.Apart count ->
            invalidOp
                $"srun has started {count} processes that cannot find each other. Start them with `srun --mpi=pmix` (`srun --mpi=list` shows what there is), or a single one with `srun -n 1`."
        | launcher -> Processes(MpiStart.start launcher)

    /// Joins the processes that this program was started as: by mpirun, mpiexec or srun, else this one by itself. A second call
    /// gives the same. Where several processes run on a machine, libtorch's threads are limited so that they share its processors
    /// (the environment variable OMP_NUM_THREADS takes precedence).
    /// Raises InvalidOperationException when the program was started as several processes but they cannot find each other.
    static member Join() : Processes =
        lock gate (fun () ->
            match joined with
            | null ->
                let found = Processes.Find()
                joined <- found
                found
            | joined -> joined)

    /// Those that were joined; this process by itself where none were.
    static member internal Joined: Processes =
        match joined with
        | null -> alone
        | joined -> joined

    /// The number of this process, from 0.
    member _.Rank: int = collective.Rank

    /// The number of processes.
    member _.Count: int = collective.Count

    /// The number of this process among those of its machine, from 0: for example that of its GPU.
    member _.LocalRank: int = collective.LocalRank

    /// The number of processes on this machine.
    member _.LocalCount: int = collective.LocalCount

    /// True for the first process: that which writes checkpoints and records.
    member _.IsFirst: bool = collective.Rank = 0

    /// The MPI library that connects the processes; null for a process by itself.
    member _.Library: string | null = collective.Library

    /// The longest that this process waits for the others before it ends the job, with a message: a process that hangs would keep
    /// them waiting for ever. 10 minutes by default.
    /// Raises ArgumentOutOfRangeException for a time that is not positive.
    member _.WaitLimit
        with get (): TimeSpan = collective.WaitLimit
        and set (value: TimeSpan) =
            if value <= TimeSpan.Zero then
                raise (ArgumentOutOfRangeException(nameof value, value, "The longest wait must be longer than 0."))

            collective.WaitLimit <- value

    /// Their operations in common.
    member internal _.Collective: Collective = collective

    /// Their meetings.
    member internal _.Meeting: Meeting = meeting

/// Joining processes.
[<CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Processes =

    /// `Processes.Join`.
    let join () : Processes = Processes.Join()
