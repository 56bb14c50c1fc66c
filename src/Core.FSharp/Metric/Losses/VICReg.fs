namespace MetricLearning

open MetricLearning.Core
open System
open System.Collections.Generic
open TorchSharp

/// Options of VICReg.
[<RequireQualifiedAccess>]
type VICReg =
    {
        /// What the difference between the two views of a sample is multiplied by.
        InvarianceLambda: double
        /// What the lack of variance along each dimension is multiplied by.
        VarianceMu: double
        /// What the covariance of dimensions is multiplied by.
        CovarianceV: double
        /// What is added to variances before their root is taken.
        Eps: double
    }

/// Two views of every sample should be alike, dimensions should vary, and vary independently (Bardes et al. 2022, "VICReg").
/// Row i of the embeddings and of the reference embeddings are two views; without reference embeddings only the embeddings'
/// own variance and covariance count.
module VICReg =

    /// As documented.
    let defaults: VICReg =
        {
            InvarianceLambda = 25.0
            VarianceMu = 25.0
            CovarianceV = 1.0
            Eps = 1e-4
        }

    /// The parts.
    let parts =
        [| "invariance_loss"; "variance_loss1"; "variance_loss2"; "covariance_loss" |]

    /// The reducer where none is given: the mean. An error if a distance is given.
    let settings (given: LossSettings) : LossSettings =
        match given.Distance with
        | null -> ()
        | _ -> invalidArg "distance" "VICRegLoss uses no distance: leave it out."

        given |> LossSettings.orElse (fun () -> LpDistance()) (fun () -> MeanReducer())

    // [1 − √(var + ε)]₊ / 2 along each dimension.
    let private variance (options: VICReg) (name: string) (rows: torch.Tensor) : LossElements =
        let deviations = (rows.var (0L, true) + options.Eps).sqrt()

        let dimensions =
            torch.arange (rows.size 1, dtype = torch.ScalarType.Int64, device = rows.device)

        ElementsOf.Rows(name, (1.0 - deviations).relu() * (options.VarianceMu / 2.0), dimensions)

    // Σ cov² over different dimensions, by their number.
    let private covariance (rows: torch.Tensor) : torch.Tensor =
        let centred = rows - rows.mean ([| 0L |], true)
        let matrix = centred.t().mm centred / float (rows.size 0 - 1L)
        let ofAll, ofOne = matrix.square().sum(), matrix.diagonal().square().sum()
        (ofAll - ofOne) / float (rows.size 1)

    /// One value a sample, one a dimension and view, and one for the batch. Of fewer than two samples there is neither
    /// variance nor covariance.
    let elements (options: VICReg) (input: MetricInput) : IReadOnlyList<LossElements> =
        let one = input.Embeddings

        let other =
            match Views.check "VICRegLoss" input with
            | null -> one
            | given -> given

        let invariance =
            ElementsOf.Rows(parts[0], (one - other).square().mean([| 1L |]) * options.InvarianceLambda)

        let nothing name = ElementsOf.Nothing(name, one)

        if one.size 0 = 0L then
            Array.map nothing parts
        elif one.size 0 = 1L then
            Array.append [| invariance |] (Array.map nothing parts[1..])
        else
            [|
                invariance
                variance options parts[1] one
                variance options parts[2] other
                ElementsOf.Reduced(parts[3], (covariance one + covariance other) * options.CovarianceV)
            |]

    type private VICRegFormula(settings: LossSettings, options: VICReg) =
        inherit Loss(settings)
        override _.Parts = parts
        override _.TakesAnyLabels = false
        override _.ComputeLoss input = elements options input

    /// The loss, with settings beyond its own options.
    let lossWith (given: LossSettings) (options: VICReg) : Loss =
        new VICRegFormula(settings given, options)

    /// The loss.
    let loss (options: VICReg) : Loss = lossWith LossSettings.defaults options
