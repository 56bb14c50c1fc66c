namespace MetricLearning.Interruption

open System.Runtime.InteropServices

/// A limit on the sizes of files that this process writes, as `ulimit -f` sets it.
module FileSizeLimit =

    [<DllImport("libc", SetLastError = true)>]
    extern int private setrlimit(int resource, uint64[] limits)

    [<DllImport("libc", SetLastError = true)>]
    extern nativeint private signal(int number, nativeint handler)

    // On Linux and macOS.
    let private rlimitFsize, sigxfsz, ignored = 1, 25, 1n

    /// Lets every write beyond so many bytes of a file fail.
    let set (bytes: int64) : unit =
        // Without this the process would be killed instead.
        signal (sigxfsz, ignored) |> ignore

        if setrlimit (rlimitFsize, [| uint64 bytes; uint64 bytes |]) <> 0 then
            invalidOp $"setrlimit failed with errno {Marshal.GetLastPInvokeError()}."
