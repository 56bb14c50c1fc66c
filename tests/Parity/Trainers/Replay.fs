namespace MetricLearning.Parity

open System.Text.Json
open MetricLearning
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

/// The triplets of iteration k, as the reference drew them.
[<Sealed>]
type ReplayedTriplets(iteration: unit -> JsonElement) =
    inherit Miner("ReplayedTriplets")

    override _.MineTuples _ =
        match Json.items (Json.field "triplets" (iteration ())) |> Array.map Tensors.integers with
        | [| a; p; n |] -> Tuples.Triplets(a, p, n)
        | other -> invalidOp $"%d{other.Length} index vectors are no triplets"

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
