namespace MetricLearning.Parity

open System.Text.Json
open MetricLearning.Core

/// Pass k gives the k-th of some passes, again from the first after the last.
[<Sealed>]
type ReplayedPasses(passes: int64[][]) =
    inherit Sampler()
    override _.Pass(_, pass) = passes[int (pass % passes.LongLength)]
    override _.Length = System.Nullable passes[0].LongLength

/// The same, cut into batches.
[<Sealed>]
type ReplayedBatches(passes: int64[][][]) =
    inherit BatchSampler()
    override _.Pass(_, pass) = passes[int (pass % passes.LongLength)]
    override _.Length = System.Nullable passes[0].LongLength

[<RequireQualifiedAccess>]
module Replay =

    /// The order of data of a scenario.
    let sampler (spec: JsonElement) : obj =
        let passes =
            Json.items (Json.field "passes" spec)
            |> Array.map (Json.numbers >> Array.map int64)

        match Json.trySome "batch_sampler" spec with
        | None -> ReplayedPasses passes
        | Some batches ->
            let size = int (Json.number (Json.field "batch_size" batches))
            let keepsLast = not ((Json.field "drop_last" batches).GetBoolean())

            passes
            |> Array.map (
                Array.chunkBySize size
                >> Array.filter (fun batch -> keepsLast || batch.Length = size)
            )
            |> ReplayedBatches
            :> obj
