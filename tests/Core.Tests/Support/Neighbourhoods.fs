/// Neighbours found one by one, and what tests of neighbours are made of.
module MetricLearning.Core.Tests.Support.Neighbourhoods

open System
open TorchSharp
open MetricLearning
open MetricLearning.Core

type Tensor = torch.Tensor

let squared: Distance = LpDistance(normalizeEmbeddings = false, power = 2.0)

let manhattan: Distance = LpDistance(normalizeEmbeddings = false, p = 1.0)

let dot: Distance = DotProductSimilarity(normalizeEmbeddings = false)

let cosine: Distance = CosineSimilarity()

/// One of a user's own, whose formula is not known: by the first number alone.
let own: Distance =
    { new Distance("Own", false, false, 2.0, 1.0) with
        override _.ComputeMatrix(query, reference) =
            (query.narrow (1L, 0L, 1L) - reference.narrow(1L, 0L, 1L).t()).abs()

        override _.PairwiseDistance(query, reference) =
            (query.select (1L, 0L) - reference.select (1L, 0L)).abs()
    }

let private generator (number: int) =
    new torch.Generator(uint64 (abs (int64 number)), torch.CPU)

/// Whole numbers from −2 to 2: every distance is exact, and many are equal.
let whole (number: int) (rows: int) (columns: int) : Tensor =
    use generator = generator number
    torch.randint (-2L, 3L, [| int64 rows; int64 columns |], dtype = torch.float32, generator = generator)

/// Rows that are moved away from 0. (A tensor is added, not a number: libtorch reads a number that may be gone by then.)
let moved (away: float) (rows: Tensor) : Tensor =
    use away = torch.tensor (away, dtype = rows.dtype)
    rows.add away

let random (number: int) (rows: int) (columns: int) : Tensor =
    use generator = generator number
    torch.randn ([| int64 rows; int64 columns |], dtype = torch.float32, generator = generator)

let rowsOf (tensor: Tensor) : float[][] =
    tensor.to_type(torch.float64).contiguous().data<float>().ToArray()
    |> Array.chunkBySize (int (tensor.size 1))

/// The indices of the nearest k, from the whole matrix in double precision.
let byHand (distance: Distance) (query: Tensor) (k: int) (reference: Tensor) (isSelf: bool) : int64[][] =
    distance.Matrix(query.to_type torch.float64, reference.to_type torch.float64)
    |> rowsOf
    |> Array.mapi (fun row distances ->
        distances
        |> Array.indexed
        |> Array.filter (fun (column, _) -> not (isSelf && column = row))
        |> Array.sortBy (fun (column, value) -> (if distance.IsInverted then -value else value), column)
        |> Array.truncate k
        |> Array.map (fst >> int64))

let indicesOf (found: Neighbours) : int64[][] =
    found.Indices.data<int64>().ToArray()
    |> Array.chunkBySize (int (found.Indices.size 1))

/// Whatever the memory: less than a row of the matrix, a few rows, or all of it.
let memories = [ 100L; 3000L; CustomKNN.DefaultMaxBytes ]

let search (distance: Distance) (bytes: int64) = CustomKNN(distance, maxBytes = bytes)
