/// Losses that remember earlier batches, for tests.
module MetricLearning.Core.Tests.Support.Memories

open System
open Expecto
open FsCheck
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.RandomBatches

let memoryOf (change: CrossBatch -> CrossBatch) (wrapped: Loss) : CrossBatchLoss =
    let options =
        { CrossBatch.defaults 4 with
            MemorySize = 16
        }

    let loss = CrossBatch.loss (change options) wrapped
    loss.``to`` torch.float64 |> ignore
    loss

let contrastive change =
    memoryOf change (Contrastive.loss Contrastive.defaults)

let other () = (embeddings 7 8).narrow(1L, 0L, 4L)

let trained (loss: Loss) (rows: torch.Tensor) (labels: torch.Tensor) (tuples: Tuples) =
    loss.Compute(rows, labels, tuples, null, null, seed)

/// Contrastive over listed pairs of the batch and any references: what a memory should be equal to.
let listed (rows: torch.Tensor) (references: torch.Tensor) (a1, p, a2, n) =
    use loss = Contrastive.loss Contrastive.defaults
    let tuples = Tuples.Pairs(vector a1, vector p, vector a2, vector n)

    let labels (like: torch.Tensor) =
        torch.zeros (like.size 0, dtype = torch.int64)

    number (loss.Compute(rows, labels rows, tuples, references, labels references))
