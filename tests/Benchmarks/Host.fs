namespace MetricLearning.Benchmarks

open System
open System.IO
open System.Runtime.InteropServices

/// The process that measures, and the machine it runs on.
module Host =

    [<DllImport("libc", EntryPoint = "setenv")>]
    extern int private setEnvironment(string name, string value, int overwrite)

    /// Lets libtorch's threads sleep while they wait: spinning, they make every small call a thousand times slower as soon
    /// as something else runs on the machine. To be called before anything of libtorch is.
    let letThreadsSleep () : unit =
        if OperatingSystem.IsLinux() then
            // Environment.SetEnvironmentVariable does not reach native libraries.
            setEnvironment ("OMP_WAIT_POLICY", "PASSIVE", 0) |> ignore

    // A line such as "VmHWM:     1234 kB"; nothing on systems without /proc.
    let private status (name: string) : int64 =
        if File.Exists "/proc/self/status" then
            File.ReadLines "/proc/self/status"
            |> Seq.tryFind (fun line -> line.StartsWith(name, StringComparison.Ordinal))
            |> Option.map (fun line -> int64 (line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]) * 1024L)
            |> Option.defaultValue 0L
        else
            0L

    /// The most memory the process has ever held, in bytes.
    let peakMemory () : int64 = status "VmHWM:"

    /// The memory the process holds now, in bytes.
    let memory () : int64 = status "VmRSS:"
