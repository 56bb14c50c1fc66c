/// Items, and indexes of them.
module MetricLearning.Core.Tests.Support.Indexes

open System
open MetricLearning

/// Vectors of so many numbers, a function of the seed.
let vectorOf (width: int) (seed: int) : float32[] =
    let random = Random seed
    Array.init width (fun _ -> float32 (random.NextDouble() * 2.0 - 1.0))

let number (id: int) : ItemId = ItemId.op_Implicit id
let word (id: string) : ItemId = ItemId.op_Implicit id

/// What tells items apart.
let show (item: IndexItem) : string =
    let labels = String.Join("/", item.Labels)
    $"{item.Id} {item.Id.IsNumber} {labels} {item.Payload}"

/// What is found, bit for bit.
let found (results: FoundItem seq) =
    [ for result in results -> show result.Item, result.Distance ]

/// A distance or similarity in 64 bits, written out.
let byHand (distance: Distance) (x: float32[]) (y: float32[]) : float =
    let scaled (vector: float32[]) =
        let vector = Array.map float vector
        let length = Math.Sqrt(Array.sumBy (fun value -> value * value) vector)

        if distance.NormalizeEmbeddings && length > 0.0 then
            Array.map (fun value -> value / length) vector
        else
            vector

    let x, y = scaled x, scaled y

    if distance.IsInverted then
        Array.fold2 (fun sum a b -> sum + a * b) 0.0 x y
    else
        Math.Sqrt(Array.fold2 (fun sum a b -> sum + (a - b) * (a - b)) 0.0 x y)
