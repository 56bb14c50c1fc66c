/// Embeddings with and without numbers that are not finite.
module MetricLearning.Core.Tests.Support.BrokenRows

open System
open TorchSharp

type Tensor = torch.Tensor

let width = 3

// Rows in groups of one label, so that every call without a mistake succeeds.
let rows (count: int) (seed: int) : Tensor = Neighbourhoods.random seed count width

let breakAt (row: int64) (value: float) (good: Tensor) : Tensor =
    let broken = good.clone ()
    broken[row, 1L] <- torch.tensor (value, dtype = good.dtype)
    broken

let brokenNumbers = [ nan; infinity; -infinity ]

let isRefusal (error: exn) =
    error :? ArgumentException || error :? InvalidOperationException
