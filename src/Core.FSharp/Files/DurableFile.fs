namespace MetricLearning

open System
open System.IO
open System.Runtime.InteropServices

/// Forces a folder's entries to disk, which .NET cannot.
module private Folder =

    [<DllImport("libc", EntryPoint = "open", SetLastError = true)>]
    extern int private openForReading(string path, int flags)

    [<DllImport("libc", EntryPoint = "fsync", SetLastError = true)>]
    extern int private fsync(int descriptor)

    [<DllImport("libc", EntryPoint = "close", SetLastError = true)>]
    extern int private close(int descriptor)

    /// Forces a renaming in the folder to disk. Windows does that itself. A failure is ignored: without it a
    /// power failure may bring the old file back, which is whole as well.
    let sync (folder: string) : unit =
        if not (OperatingSystem.IsWindows()) then
            let descriptor = openForReading (folder, 0)

            if descriptor >= 0 then
                fsync descriptor |> ignore
                close descriptor |> ignore

    /// Makes the folder and those that it lies in, where they are missing.
    let rec ensure (folder: string) : unit =
        if not (Directory.Exists folder) then
            match Path.GetDirectoryName folder with
            | null -> ()
            | parent ->
                ensure parent
                Directory.CreateDirectory folder |> ignore
                sync parent

/// Replaces files as a whole: a reader finds the old content or the new, whatever was interrupted.
[<AbstractClass; Sealed>]
type DurableFile =

    /// Writes a file: into a temporary one beside it (`PATH.tmp`), which is forced to disk and renamed. The folder is made if
    /// it is missing. When this returns, the content survives a power failure. When it raises (what `content` raised,
    /// or IOException when the disk is full or another writer is at it), the old file is as it was and the temporary one
    /// is gone; only a process that is killed leaves one, which the next writer replaces.
    static member Write(path: string, content: Action<Stream>) : unit =
        ArgumentNullException.ThrowIfNull(path, nameof path)
        ArgumentNullException.ThrowIfNull(content, nameof content)
        let target = Path.GetFullPath path

        let folder =
            match Path.GetDirectoryName target with
            | null -> invalidArg (nameof path) $"\"{path}\" is no name of a file."
            | folder -> folder

        Folder.ensure folder
        let temporary = target + ".tmp"

        // Opened outside of `try`: where another writer has it open, it is not ours to delete.
        let file =
            new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None, 1 <<< 16)

        try
            try
                content.Invoke file
                file.Flush true
            finally
                file.Dispose()

            File.Move(temporary, target, true)
        with error ->
            try
                File.Delete temporary
            with
            | :? IOException
            | :? UnauthorizedAccessException -> ()

            match error with
            // .NET's word for what goes beyond a limit on the sizes of files.
            | :? ArgumentOutOfRangeException as error when error.ParamName = "value" ->
                raise (IOException($"\"{path}\" would be larger than files may be here.", error))
            | _ -> reraise ()

        Folder.sync folder
