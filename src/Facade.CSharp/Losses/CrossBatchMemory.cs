using MetricLearning.Core;

namespace MetricLearning;

/// <summary>A loss of pairs or triplets against the embeddings of earlier batches. The batch is remembered first; its
/// samples are never their own positives. The memory is part of the loss's state: see <see cref="CrossBatchLoss"/>.</summary>
/// <param name="loss">The loss; any that takes reference embeddings. It becomes a part of this one.</param>
/// <param name="embeddingSize">How wide embeddings are.</param>
/// <param name="memorySize">How many embeddings are remembered; at least a batch.</param>
/// <param name="miner">Chooses tuples between the batch and the memory; null: all there are. A trainer's tuple miner
/// adds pairs within the batch.</param>
/// <param name="warmUp">In so many first calls the batch is compared with itself only, while the memory fills.</param>
public sealed class CrossBatchMemory(
    Loss loss,
    int embeddingSize,
    int memorySize = 1024,
    Miner? miner = null,
    int warmUp = 0
) : CrossBatchLoss(loss, new CrossBatch(embeddingSize, memorySize, miner, warmUp));
