namespace MetricLearning

open System
open System.Runtime.InteropServices

/// One positive and one negative of every anchor that has both, each hard, semihard or easy; or all of a kind (Xuan et al.
/// 2020, "Improved embeddings with easy positive triplet mining"). Its statistics are 0 if nothing was chosen.
[<Sealed>]
type BatchEasyHardMiner
    /// <param name="posStrategy">The positive to choose.</param>
    /// <param name="negStrategy">The negative to choose. Semihard goes with Hard and Easy only, and not on both sides.</param>
    /// <param name="allowedPosRange">Positives at distances outside (low, high) are ignored; null: none is.</param>
    /// <param name="allowedNegRange">Negatives at distances outside (low, high) are ignored; null: none is.</param>
    (
        [<Optional; DefaultParameterValue(BatchEasyHardStrategy.Easy)>] posStrategy: BatchEasyHardStrategy,
        [<Optional; DefaultParameterValue(BatchEasyHardStrategy.Semihard)>] negStrategy: BatchEasyHardStrategy,
        [<Optional>] allowedPosRange: Nullable<struct (double * double)>,
        [<Optional>] allowedNegRange: Nullable<struct (double * double)>
    ) =
    inherit Miner("BatchEasyHardMiner", Extremes.statistics)

    let isEither (strategy: BatchEasyHardStrategy) =
        posStrategy = strategy || negStrategy = strategy

    do
        for name, strategy in [ nameof posStrategy, posStrategy; nameof negStrategy, negStrategy ] do
            if not (Enum.IsDefined strategy) then
                invalidArg name $"There is no strategy {int strategy}: Hard, Semihard, Easy or All."

        if isEither BatchEasyHardStrategy.Semihard then
            if posStrategy = negStrategy then
                invalidArg
                    (nameof negStrategy)
                    "posStrategy and negStrategy cannot both be Semihard, because each is chosen by the other: make one Hard or Easy."

            if isEither BatchEasyHardStrategy.All then
                invalidArg
                    (nameof negStrategy)
                    "Semihard cannot be combined with All: it is chosen by the one pair of the other kind. Use Hard or Easy."

    override this.MineTuples input =
        let matrix = this.Distance.Matrix(input.Embeddings, input.References)
        let positives = Extremes.within allowedPosRange matrix (input.Matches())
        let negatives = Extremes.within allowedNegRange matrix (input.Differs())

        let choice =
            EasyHardChoice(posStrategy, negStrategy, this.Distance, this.Statistics, matrix)

        if isEither BatchEasyHardStrategy.All then
            choice.OfEach(positives, negatives)
        else
            choice.OfBoth(positives, negatives)
