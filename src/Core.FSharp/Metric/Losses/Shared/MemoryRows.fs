namespace MetricLearning

open System
open TorchSharp

/// The rows that a loss remembers: embeddings, their labels, and the ring of their places, in buffers of the loss.
module internal MemoryRows =

    let private embeddingsOf (loss: LearningModule) = loss.Remembered "embedding_memory"
    let private labelsOf (loss: LearningModule) = loss.Remembered "label_memory"

    /// Registers the buffers, for so many rows of so many numbers, and columns of labels (null: one label a row).
    let register (loss: LearningModule) (size: int64) (width: int64) (labelColumns: Nullable<int>) : unit =
        let ofLabels =
            [|
                size
                if labelColumns.HasValue then
                    int64 labelColumns.Value
            |]

        loss.Remember("embedding_memory", torch.zeros (size, width))
        loss.Remember("label_memory", torch.zeros (ofLabels, dtype = torch.ScalarType.Int64))
        loss.Remember("queue", Ring.toTensor Ring.empty)

    /// The place and filling of the memory.
    let ring (loss: LearningModule) : Ring = Ring.ofTensor (loss.Remembered "queue")

    /// Remembers rows, in the places of the oldest ones; where it stands after that.
    let write (loss: LearningModule) (embeddings: torch.Tensor) (labels: torch.Tensor) : Ring =
        LossMemory.move embeddings.device loss
        let size = (embeddingsOf loss).size 0
        let before = ring loss
        let count = embeddings.size 0

        if count > size then
            invalidArg
                (nameof embeddings)
                $"A memory of {size} cannot take {count} embeddings at once: give a larger memorySize."

        let after = Ring.advance size count before

        if count > 0L then
            Ring.write (embeddingsOf loss) embeddings before
            Ring.write (labelsOf loss) labels before

        use _ = torch.no_grad ()
        loss.Remembered("queue").copy_(Ring.toTensor after) |> ignore
        after

    /// The part in use, copied: the memory may be written before the gradients of this call are asked for.
    let read (loss: LearningModule) (embeddings: torch.Tensor) (ring: Ring) : struct (torch.Tensor * torch.Tensor) =
        let memory = embeddingsOf loss
        let used = Ring.used (memory.size 0) ring

        let rows, labels =
            memory.narrow (0L, 0L, used), (labelsOf loss).narrow(0L, 0L, used)

        struct (rows.``to`` (embeddings.dtype, embeddings.device, true), labels.``to`` embeddings.device)

    /// Forgets everything.
    let reset (loss: LearningModule) : unit =
        use _ = torch.no_grad ()

        for memory in [ embeddingsOf loss; labelsOf loss; loss.Remembered "queue" ] do
            memory.zero_ () |> ignore
