namespace MetricLearning.Benchmarks

open System
open System.IO
open System.Reflection
open System.Runtime.InteropServices
open TorchSharp
open MetricLearning

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

    // As the maker of the processor calls it, where the system says so.
    let private processor () : string =
        let named =
            if File.Exists "/proc/cpuinfo" then
                File.ReadLines "/proc/cpuinfo"
                |> Seq.tryFind _.StartsWith("model name", StringComparison.Ordinal)
            else
                None

        match named with
        | Some line -> line.Substring(line.IndexOf(':') + 1).Trim()
        | None -> $"{RuntimeInformation.ProcessArchitecture}"

    // Without the commit.
    let private versionOf (part: Type) : string =
        match part.Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>() with
        | null -> "of no version"
        | version -> version.InformationalVersion.Split('+')[0]

    /// Processor, system, versions and the day, in one line.
    let description () : string =
        String.Join(
            ", ",
            [
                $"{processor ()} ({Environment.ProcessorCount} processors)"
                RuntimeInformation.OSDescription
                RuntimeInformation.FrameworkDescription
                $"TorchSharp {versionOf typeof<torch.Tensor>} with libtorch {torch.__version__}"
                $"MetricLearning {versionOf typeof<Loss>}"
                DateTime.UtcNow.ToString("yyyy-MM-dd")
            ]
        )
