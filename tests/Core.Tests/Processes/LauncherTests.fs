module MetricLearning.Core.Tests.Processes.LauncherTests

open Expecto
open MetricLearning.Core

let private environment (variables: (string * string) list) (name: string) : string | null =
    variables |> List.tryFind (fst >> (=) name) |> Option.map snd |> Option.toObj

let private cases: (string * (string * string) list * Launcher) list =
    [
        "no launcher", [], Launcher.None
        "mpirun of Open MPI", [ "OMPI_COMM_WORLD_SIZE", "4" ], Launcher.OpenMpi 4
        "mpirun with one process", [ "OMPI_COMM_WORLD_SIZE", "1" ], Launcher.None
        "mpiexec of MPICH", [ "PMI_SIZE", "8"; "PMI_RANK", "3" ], Launcher.Pmi 8
        "mpiexec with one process", [ "PMI_SIZE", "1" ], Launcher.None
        "Open MPI below a launcher with PMI", [ "OMPI_COMM_WORLD_SIZE", "2"; "PMI_SIZE", "2" ], Launcher.OpenMpi 2
        "srun with PMIx", [ "PMIX_RANK", "0"; "SLURM_STEP_NUM_TASKS", "16" ], Launcher.Pmix
        "srun with PMIx and one process", [ "PMIX_RANK", "0"; "SLURM_STEP_NUM_TASKS", "1" ], Launcher.None
        "srun without MPI", [ "SLURM_STEP_NUM_TASKS", "16" ], Launcher.Apart 16
        "srun with one process", [ "SLURM_STEP_NUM_TASKS", "1" ], Launcher.None
        "nonsense", [ "OMPI_COMM_WORLD_SIZE", "many" ], Launcher.None
    ]

let tests =
    testList
        "launchers"
        [
            for name, variables, wanted in cases do
                testCase name (fun () -> Expect.equal (Launcher.find (environment variables)) wanted "launcher")

            testCase "the library of the launcher is looked for first" (fun () ->
                let first variables launcher =
                    MpiLibrary.candidates (environment variables) launcher |> List.head

                let openMpi, mpich = first [] (Launcher.OpenMpi 2), first [] (Launcher.Pmi 2)
                Expect.notEqual openMpi mpich "each has its own"
                Expect.equal (first [] Launcher.Pmix) openMpi "Open MPI without a word of which"

                Expect.equal
                    (first [ MpiLibrary.Variable, "/opt/libmpi.so" ] (Launcher.Pmi 2))
                    "/opt/libmpi.so"
                    "named")

            testCase "a library that is not there is an error that says what to do" (fun () ->
                let missing = environment [ MpiLibrary.Variable, "/nowhere/libmpi.so" ]

                let error =
                    Expect.throwsC (fun () -> MpiLibrary.find missing (Launcher.OpenMpi 2) |> ignore) _.Message

                Expect.stringContains error "/nowhere/libmpi.so" "what was looked for"
                Expect.stringContains error "openmpi-bin" "what to install"
                Expect.stringContains error MpiLibrary.Variable "how to name it")

            testCase "processes of a machine share its processors" (fun () ->
                let threads = SharedProcessors.threads
                Expect.equal (threads 8 5L [| 5L; 5L |]) 4 "the same processors"
                Expect.equal (threads 4 5L [| 5L; 6L |]) 4 "processors of its own"
                Expect.equal (threads 2 5L [| 5L; 5L; 5L |]) 1 "more processes than processors")
        ]
