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

/// A memory as it is tested: of embeddings of 4 numbers, in 64 bits.
let inDouble (memory: CrossBatchMemory) : CrossBatchMemory =
    memory.``to`` torch.float64 |> ignore
    memory

/// A memory of 16 embeddings of 4 numbers.
let memoryOf (wrapped: Loss) : CrossBatchMemory =
    inDouble (new CrossBatchMemory(wrapped, 4, memorySize = 16))

/// The same of a contrastive loss.
let contrastive () = memoryOf (new ContrastiveLoss())

/// The same with a miner.
let mining (miner: Miner) (memorySize: int) : CrossBatchMemory =
    inDouble (new CrossBatchMemory(new ContrastiveLoss(), 4, memorySize = memorySize, miner = miner))

let other () = (embeddings 7 8).narrow(1L, 0L, 4L)

let trained (loss: Loss) (rows: torch.Tensor) (labels: torch.Tensor) (tuples: Tuples) =
    loss.Compute(rows, labels, tuples, null, null, seed)

/// Contrastive over listed pairs of the batch and any references: what a memory should be equal to.
let listed (rows: torch.Tensor) (references: torch.Tensor) (a1, p, a2, n) =
    use loss = new ContrastiveLoss()
    let tuples = Tuples.Pairs(vector a1, vector p, vector a2, vector n)

    let labels (like: torch.Tensor) =
        torch.zeros (like.size 0, dtype = torch.int64)

    number (loss.Compute(rows, labels rows, tuples, references, labels references))
