namespace MetricLearning

open System
open TorchSharp
open MetricLearning.Core

/// Seeds for callers that have none: drawn from libtorch's generator, so that `torch.manual_seed` decides, and only when
/// a random choice is made.
module internal TorchSeed =

    /// A seed that is drawn when it is first needed.
    let draw () : Lazy<Seed> =
        lazy
            (Locks.drawing [||] (fun () ->
                use number =
                    torch.randint (Int64.MaxValue, [| 1L |], dtype = torch.ScalarType.Int64)

                Seed.ofInt64 (number.item<int64>())))

    /// A generator for the random choices of a seed. They are drawn on the CPU and then moved, so that they are the same on
    /// every device; TorchSharp makes no generator of CUDA's. The caller's to dispose.
    let generator (seed: Seed) : torch.Generator =
        new torch.Generator(uint64 (Seed.toInt64 seed), torch.CPU)
