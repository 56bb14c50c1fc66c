module MetricLearning.Core.Tests.Support.Orders

open System
open System.Collections.Generic
open Expecto
open FsCheck
open FsCheck.FSharp
open MetricLearning
open MetricLearning.Core

let seed = Seed.ofInt64 3L

/// A sampler of the user's own: all samples, begun at another place each pass.
type Rotating(count: int64) =
    inherit Sampler()

    override _.Pass(seed, pass) =
        let shift = (seed.Derive("shift", pass)).Random().NextInt64 count
        seq { for place in 0L .. count - 1L -> (place + shift) % count }

type Ragged() =
    inherit BatchSampler()

    override _.Pass(seed, pass) =
        seq {
            for size in 1..4 ->
                [|
                    for place in 1..size -> Seed.below 100L (pass * 16L + int64 (4 * size + place)) seed
                |]
        }

type Endless() =
    inherit Sampler()

    override _.Pass(seed, _) =
        Seq.initInfinite (fun place -> Seed.below 50L (int64 place) seed)

/// How a kind of order is made, by number; making it anew forgets all that the order remembered.
let kinds: (unit -> DataOrder)[] =
    [|
        fun () -> DataOrder.shuffled 23L 5
        fun () -> DataOrder.sampled (Rotating 17L) 4
        fun () -> DataOrder.sampled (Endless()) 6
        fun () -> DataOrder.batched (Ragged())
        fun () -> DataOrder.ofIndices [ 0L .. 12L ] 3
        fun () -> DataOrder.ofIndices (Seq.initInfinite int64) 3
        fun () -> DataOrder.ofBatches [ [| 1L; 2L |]; [| 3L |]; [| 4L; 5L; 6L |] ]
        fun () -> DataOrder.ofBatches (Seq.initInfinite (fun batch -> [| int64 batch; 1L |]))
    |]

let take count (order: DataOrder) cursor =
    (([], cursor), [ 1..count ])
    ||> List.fold (fun (batches, cursor) _ ->
        let portion = order.Take(seed, cursor)
        portion.Indices :: batches, portion.After)
    |> fun (batches, cursor) -> List.rev batches, cursor

let cheap (NonNegativeInt kind) = [| 0; 1; 2; 3; 4; 6 |][kind % 6]

let throws<'E when 'E :> exn> text (act: unit -> unit) =
    Expect.throwsC act (fun error ->
        Expect.isTrue (error :? 'E) $"{error}"
        Expect.stringContains error.Message text "the message")
