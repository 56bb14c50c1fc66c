namespace MetricLearning

open System.Runtime.InteropServices
open TorchSharp

/// −log Σ_{j of i's class} softmaxⱼ(−κ d(i,j)) for every sample that has another of its class (Goldberger et al. 2004,
/// "Neighbourhood components analysis"). As in the reference, its mean is NaN if there is no such sample, except in training.
[<Sealed>]
type NCALoss
    /// <param name="softmaxScale">Scale κ of the distances.</param>
    ([<Optional; DefaultParameterValue(1.0)>] softmaxScale: float) =
    inherit Loss("NCALoss", LpDistance(power = 2.0))

    // log Σ exp over all samples of the reference set; a sample cannot go to itself.
    let overAll (input: MetricInput) (logits: torch.Tensor) : torch.Tensor =
        match input.IsOther() with
        | null -> logits.logsumexp 1L
        | others -> LogSumExp.orZero 1L others logits

    override _.AnchorsAreIndependent = true

    override this.ComputeLoss input =
        input.RequireLabels() |> ignore

        if input.Whole.Embeddings.size 0 <= 1L then
            [| ElementsOf.Nothing("loss", input.Embeddings) |]
        else
            let logits = Similarity.matrix this.Distance softmaxScale input
            let same = input.Matches()
            let hasSame = same.any 1L
            let values = (overAll input logits - LogSumExp.orZero 1L same logits) * hasSame
            [| ElementsOf.RowsWhere("loss", input.Weighted values, hasSame) |]
