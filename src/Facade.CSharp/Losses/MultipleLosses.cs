using MetricLearning.Core;

namespace MetricLearning;

/// <summary>Several losses of the same embeddings, weighted and added. What they learn and remember is part of this
/// loss, under <c>losses</c> and their number or name.</summary>
public sealed class MultipleLosses : SumOfLosses
{
    /// <summary>Losses in order.</summary>
    /// <param name="losses">The losses.</param>
    /// <param name="miners">A miner, or null, for each loss; null: no miners.</param>
    /// <param name="weights">A weight for each loss; null: all 1.</param>
    /// <exception cref="ArgumentException">Counts differ, or there is no loss; names all mistakes.</exception>
    public MultipleLosses(
        IReadOnlyList<Loss> losses,
        IReadOnlyList<Miner?>? miners = null,
        IReadOnlyList<double>? weights = null
    )
        : base(SumOfLossesModule.ofLists(losses, miners, weights)) { }

    /// <summary>Losses by name.</summary>
    /// <param name="losses">The losses.</param>
    /// <param name="miners">Miners of some of them; null: no miners.</param>
    /// <param name="weights">Weights of all of them; null: all 1.</param>
    /// <exception cref="ArgumentException">A name is unknown or a weight missing, or there is no loss; names all
    /// mistakes.</exception>
    public MultipleLosses(
        IReadOnlyDictionary<string, Loss> losses,
        IReadOnlyDictionary<string, Miner>? miners = null,
        IReadOnlyDictionary<string, double>? weights = null
    )
        : base(SumOfLossesModule.ofNames(losses, miners, weights)) { }
}
