namespace MetricLearning

open System.Runtime.InteropServices

/// (1/α) log(1 + Σ exp α(λ − s⁺)) + (1/β) log(1 + Σ exp β(s⁻ − λ)) for every anchor (Wang et al. 2019, "Multi-similarity loss with
/// general pair weighting").
[<Sealed>]
type MultiSimilarityLoss private (alpha: float, beta: float, lambda: float, _word: unit) =
    inherit AnchorLoss("MultiSimilarityLoss", CosineSimilarity())

    /// <param name="alpha">Sharpness α for positive pairs.</param>
    /// <param name="beta">Sharpness β for negative pairs.</param>
    /// <param name="base">Similarity λ that separates positive from negative pairs.</param>
    new
        (
            [<Optional; DefaultParameterValue(2.0)>] alpha: float,
            [<Optional; DefaultParameterValue(50.0)>] beta: float,
            [<Optional; DefaultParameterValue(0.5)>] ``base``: float
        ) =
        // In members the last name is a word of the language.
        new MultiSimilarityLoss(alpha, beta, ``base``, ())

    override _.AnchorsAreIndependent = true

    override this.ComputeRows(similarities, pairs) =
        let excess = this.Distance.Margin(similarities, lambda)
        let positive = LogSumExp.withOne 1L pairs.Positive (excess .* alpha)
        let negative = LogSumExp.withOne 1L pairs.Negative (excess .* -beta)
        positive ./ alpha .+. negative ./ beta
