using MetricLearning.Core;

namespace MetricLearning;

/// <summary>A loss of two views of every sample, without labels: row i of the embeddings and of the reference embeddings
/// belong together, all others are negatives.</summary>
/// <param name="loss">The loss; any to which labels only say which samples belong together. It becomes a part of this
/// one.</param>
/// <param name="symmetric">Whether views of both kinds are anchors; else only the embeddings, against the reference
/// embeddings.</param>
public sealed class SelfSupervisedLoss(Loss loss, bool symmetric = true) : SelfSupervisedLossOf(loss, symmetric);
