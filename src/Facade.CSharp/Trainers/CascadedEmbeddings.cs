namespace MetricLearning;

/// <summary>
/// Cuts embeddings into sections and trains each with a loss of its own, on what the section before it found hard (a
/// generalisation of Yuan et al. 2017, &quot;Hard-Aware Deeply Cascaded Embedding&quot;). Models: <c>trunk</c>, usually
/// <c>embedder</c>, optionally <c>classifier_0</c>, …; loss functions: <c>metric_loss_0</c>, … for every section, and
/// <c>classifier_loss_0</c>, … for the classifiers; miners: <c>subset_batch_miner</c>, <c>tuple_miner_0</c>, …. A miner that
/// chooses within a pool, such as <see cref="HDCMiner"/>, chooses among the tuples of the section before.
/// </summary>
public sealed class CascadedEmbeddings : BaseTrainer
{
    /// <summary>Sets the run up.</summary>
    /// <param name="embeddingSizes">
    /// The number of columns of each section of the embeddings, in order. Columns that are left over are not used.
    /// </param>
    /// <param name="options">The options of the run.</param>
    /// <exception cref="SetupException">The options have mistakes: all of them, together.</exception>
    public CascadedEmbeddings(IReadOnlyList<int> embeddingSizes, TrainerOptions options)
        : base(Interop.CascadedRecipe(embeddingSizes), options) { }
}
