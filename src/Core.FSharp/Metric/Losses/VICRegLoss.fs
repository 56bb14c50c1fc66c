namespace MetricLearning

open System.Runtime.InteropServices
open TorchSharp

/// Two views of every sample should be alike (invariance), dimensions should vary (variance), and vary independently
/// (covariance) (Bardes et al. 2022, "VICReg"). Row i of the embeddings and of the reference embeddings are two views; without
/// reference embeddings only the embeddings' own variance and covariance count. Of fewer than two samples there is neither.
[<Sealed>]
type VICRegLoss
    /// <param name="invarianceLambda">Weight of the squared difference between the two views of a sample.</param>
    /// <param name="varianceMu">Weight of the lack of variance along each dimension.</param>
    /// <param name="covarianceV">Weight of the covariance of dimensions.</param>
    /// <param name="eps">Added to variances before their square root is taken.</param>
    (
        [<Optional; DefaultParameterValue(25.0)>] invarianceLambda: float,
        [<Optional; DefaultParameterValue(25.0)>] varianceMu: float,
        [<Optional; DefaultParameterValue(1.0)>] covarianceV: float,
        [<Optional; DefaultParameterValue(1e-4)>] eps: float
    ) =
    inherit Loss("VICRegLoss")

    let parts =
        [| "invariance_loss"; "variance_loss1"; "variance_loss2"; "covariance_loss" |]

    // [1 − √(var + ε)]₊ / 2 along each dimension.
    let variance (name: string) (rows: torch.Tensor) : LossElements =
        let deviations = (rows.var (0L, true) .+ eps).sqrt()

        let dimensions = Numeric.upTo (rows.size 1) rows.device

        ElementsOf.Rows(name, (1.0 -. deviations).relu() .* (varianceMu / 2.0), dimensions)

    // Σ cov² over different dimensions, by their number.
    let covariance (rows: torch.Tensor) : torch.Tensor =
        let centred = rows - rows.mean ([| 0L |], true)
        let matrix = centred.t().mm centred ./ float (rows.size 0 - 1L)
        let ofAll, ofOne = matrix.squared().sum(), matrix.diagonal().squared().sum()
        (ofAll - ofOne) ./ float (rows.size 1)

    override _.Parts = parts
    override _.TakesLabels = false

    override _.TakesTuples = false

    override _.TakesAnyLabels = false

    override _.CheckDistance _ =
        invalidArg "distance" "VICRegLoss uses no distance: leave it out."

    override _.ComputeLoss input =
        let one = input.Embeddings

        let other =
            match Views.check "VICRegLoss" input with
            | null -> one
            | given -> given

        let invariance =
            ElementsOf.Rows(parts[0], (one - other).squared().mean([| 1L |]) .* invarianceLambda)

        let nothing name = ElementsOf.Nothing(name, one)

        if one.size 0 = 0L then
            Array.map nothing parts
        elif one.size 0 = 1L then
            Array.append [| invariance |] (Array.map nothing parts[1..])
        else
            [|
                invariance
                variance parts[1] one
                variance parts[2] other
                ElementsOf.Reduced(parts[3], (covariance one .+. covariance other) .* covarianceV)
            |]
