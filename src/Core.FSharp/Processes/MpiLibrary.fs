namespace MetricLearning.Core

open System
open System.Reflection
open System.Runtime.InteropServices
open System.Text

/// Finding the MPI library that the launcher belongs to, and calling it.
module internal MpiLibrary =

    /// Names the library, where it is not found by itself.
    [<Literal>]
    let Variable = "METRIC_LEARNING_MPI"

    let private openMpi =
        if OperatingSystem.IsMacOS() then
            [ "libmpi.40.dylib"; "libmpi.dylib" ]
        else
            [ "libmpi.so.40"; "libmpi.so.80" ]

    let private mpich =
        if OperatingSystem.IsWindows() then
            [ "msmpi.dll" ]
        elif OperatingSystem.IsMacOS() then
            [ "libmpi.12.dylib"; "libpmpi.12.dylib" ]
        else
            [ "libmpich.so.12"; "libmpi.so.12" ]

    /// The files to look for, the likeliest first.
    let candidates (variable: string -> string | null) (launcher: Launcher) : string list =
        match variable Variable, launcher with
        | NonNull path, _ when path <> "" -> [ path ]
        | _, Launcher.OpenMpi _ -> openMpi
        | _, Launcher.Pmi _ -> mpich @ openMpi
        | _ -> openMpi @ mpich

    // With its names visible to the parts that it loads itself, which older versions of Open MPI need.
    let private load (file: string) : nativeint voption =
        if OperatingSystem.IsWindows() then
            let mutable library = 0n

            if NativeLibrary.TryLoad(file, &library) then
                ValueSome library
            else
                ValueNone
        else
            let now, visible = 2, (if OperatingSystem.IsMacOS() then 8 else 0x100)

            match MpiCalls.dlopen (file, now ||| visible) with
            | 0n -> ValueNone
            | library -> ValueSome library

    let private install (launcher: Launcher) =
        match launcher with
        | Launcher.Pmi _ -> "Install the MPI library that the launcher belongs to (for MPICH on Debian libmpich12)"
        | _ -> "Install the MPI library that the launcher belongs to (for Open MPI on Debian openmpi-bin)"

    /// Loads the library and tells its family.
    /// Raises InvalidOperationException when there is none.
    let find (variable: string -> string | null) (launcher: Launcher) : MpiFamily =
        // The transport UCX would take over .NET's handler of memory faults, and every NullReferenceException would end the
        // process. C code does not see variables that .NET sets.
        if not (OperatingSystem.IsWindows()) then
            MpiCalls.setenv ("UCX_ERROR_SIGNALS", "", 0) |> ignore

        let files = candidates variable launcher

        match files |> Seq.tryPick (load >> ValueOption.toOption) with
        | Some library ->
            NativeLibrary.SetDllImportResolver(
                Assembly.GetExecutingAssembly(),
                DllImportResolver(fun name _ _ -> if name = MpiCalls.Library then library else 0n)
            )

            MpiFamily.ofLibrary library
        | None ->
            let looked = String.Join(", ", files)

            invalidOp
                $"This program was started as one of several processes, but the MPI library by which they find each other was not found (looked for {looked}). {install launcher} on every machine, or name its file in the environment variable {Variable}. To train in one process, start the program without mpirun, mpiexec or srun."

    /// The text that MPI writes into a buffer, whose length it tells.
    let text (length: int) (buffer: byte[]) : string =
        Encoding.UTF8.GetString(buffer, 0, max 0 (min length buffer.Length)).TrimEnd('\000')

    /// Raises InvalidOperationException where a call of MPI failed.
    let check (what: string) (code: int) : unit =
        if code <> 0 then
            let buffer = Array.zeroCreate<byte> 1024
            let mutable length = 0
            MpiCalls.MPI_Error_string(code, buffer, &length) |> ignore
            invalidOp $"MPI failed to {what}: {text length buffer}."
