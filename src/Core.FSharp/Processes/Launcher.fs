namespace MetricLearning.Core

open System

/// The program that started this process, as far as its environment says.
[<RequireQualifiedAccess>]
type internal Launcher =
    /// Nothing that starts several processes, or it started only one.
    | None
    /// The mpirun of Open MPI.
    | OpenMpi of processes: int
    /// One that speaks PMI: that of MPICH and its kin, or srun.
    | Pmi of processes: int
    /// One that speaks PMIx: srun, or a newer mpirun of either kind.
    | Pmix
    /// srun, which started several processes and gave them no way to find each other.
    | Apart of processes: int

/// Reading the environment.
module internal Launcher =

    let private number (variable: string -> string | null) (name: string) : int option =
        match Int32.TryParse(variable name) with
        | true, number -> Some number
        | _ -> None

    /// The launcher, by the variables that it sets.
    let find (variable: string -> string | null) : Launcher =
        match number variable "OMPI_COMM_WORLD_SIZE", number variable "PMI_SIZE" with
        | Some 1, _
        | None, Some 1 -> Launcher.None
        | Some count, _ -> Launcher.OpenMpi count
        | None, Some count -> Launcher.Pmi count
        | None, None ->
            match variable "PMIX_RANK", number variable "SLURM_STEP_NUM_TASKS" with
            | null, Some count when count > 1 -> Launcher.Apart count
            | null, _ -> Launcher.None
            | _, Some 1 -> Launcher.None
            | _ -> Launcher.Pmix
