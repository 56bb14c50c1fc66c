namespace MetricLearning.Core

open System
open System.IO
open System.IO.Hashing
open System.Text
open TorchSharp

/// The number of threads that libtorch may use where several processes run on one machine. Math libraries see that and use one, and without
/// a limit each would use as many as there are processors.
module internal SharedProcessors =

    let private status = "/proc/self/status"

    /// A number that stands for the processors that this process may run on; 0 where that cannot be told.
    let allowed () : int64 =
        if File.Exists status then
            File.ReadLines status
            |> Seq.tryFind _.StartsWith("Cpus_allowed:", StringComparison.Ordinal)
            |> Option.map (fun line -> int64 (XxHash64.HashToUInt64(Encoding.UTF8.GetBytes line) >>> 1))
            |> Option.defaultValue 0L
        else
            0L

    /// The number of threads for each of the processes of a machine which may run on these processors, of which this process sees `own`.
    let threads (own: int) (mine: int64) (ofMachine: int64[]) : int =
        let sharing = ofMachine |> Array.filter ((=) mine) |> Array.length
        max 1 (own / max 1 sharing)

    /// Lets libtorch use so many threads, unless OMP_NUM_THREADS asks for another number.
    let uses (wanted: int) : unit =
        match Int32.TryParse(Environment.GetEnvironmentVariable "OMP_NUM_THREADS") with
        | true, asked when asked > 0 -> torch.set_num_threads asked
        | _ -> torch.set_num_threads wanted
