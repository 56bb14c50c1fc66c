namespace MetricLearning

open MetricLearning.Core
open System
open System.Collections.Generic
open TorchSharp

/// Options of P2SGrad. Its parameter is `weight` (D × C).
[<RequireQualifiedAccess>]
type P2SGrad =
    {
        /// How wide embeddings are.
        DescriptorsDim: int
        /// How many classes there are: labels are 0 to `NumClasses` − 1.
        NumClasses: int
    }

/// The mean square by which cosines to class weights differ from 1 for the right class and 0 for the others (Zhang et al.
/// 2019, "P2SGrad"; Wang & Yamagishi 2021). The weights are scaled to length 1 in place whenever the loss is computed.
module P2SGrad =

    /// Options without defaults to fill in.
    let defaults (descriptorsDim: int) (numClasses: int) : P2SGrad =
        {
            DescriptorsDim = descriptorsDim
            NumClasses = numClasses
        }

    /// The parameter's name.
    let parameter = "weight"

    /// How weights start where nothing is given: uniform in [−1, 1).
    let weightSettings (given: WeightSettings) : WeightSettings =
        let uniform =
            Action<torch.Tensor>(fun weights -> torch.nn.init.uniform_ (weights, -1.0, 1.0) |> ignore)

        WeightSettings.orElse uniform given

    /// Cosine similarity, which the formula is made for; the loss is one value already, whatever the reducer.
    let settings (given: LossSettings) : LossSettings =
        ClassSoftmax.cosineSettings "P2SGradLoss" given

    /// Scales the columns of the weights to length 1, in place.
    let rescale (weights: torch.Tensor) : unit =
        use _ = torch.no_grad ()
        let lengths = torch.linalg.vector_norm (weights, 2.0, [| 0L |], true)
        weights.div_ (lengths + 1e-7) |> ignore

    /// An error unless tuples are `All`.
    let checkTuples (input: MetricInput) : unit =
        match input.Tuples with
        | Tuples.All -> ()
        | _ -> invalidArg "tuples" "P2SGradLoss takes no tuples: it looks at every sample. Leave out the miner."

    /// One value for the batch, from weights that have been rescaled.
    let elements (weights: torch.Tensor) (input: MetricInput) : IReadOnlyList<LossElements> =
        let labels = input.RequireLabels()
        let lengths = torch.linalg.vector_norm (input.Embeddings, 2.0, [| 1L |], true)
        let floor = Numeric.scalar (Numeric.tiny lengths.dtype)

        let cosines =
            (input.Embeddings.mm weights / lengths.clamp_min floor).clamp(Numeric.scalar -1.0, Numeric.scalar 1.0)

        let wanted =
            torch
                .zeros_like(cosines)
                .scatter_(1L, labels.unsqueeze 1L, torch.ones_like (labels.unsqueeze 1L, dtype = cosines.dtype))

        if cosines.NumberOfElements = 0L then
            [| ElementsOf.Nothing("loss", input.Embeddings) |]
        else
            [| ElementsOf.Reduced("loss", (cosines - wanted).square().mean()) |]

    /// The elements of a loss of this kind, whose parameter is rescaled first.
    let compute (loss: WeightedLoss) (input: MetricInput) : IReadOnlyList<LossElements> =
        checkTuples input
        loss.WeightsFor input |> ignore
        rescale (nonNull (loss.get_parameter parameter))
        elements (loss.WeightsLike input.Embeddings) input

    type private P2SGradFormula(settings: LossSettings, weightSettings: WeightSettings, options: P2SGrad) =
        inherit WeightedLoss(settings, weightSettings, parameter, options.NumClasses, options.DescriptorsDim, true)

        override _.RewritesParameters = true

        override this.ComputeLoss input = compute this input

    /// The loss, with settings beyond its own options.
    let lossWith (given: LossSettings) (weights: WeightSettings) (options: P2SGrad) : WeightedLoss =
        new P2SGradFormula(settings given, weightSettings weights, options)

    /// The loss.
    let loss (options: P2SGrad) : WeightedLoss =
        lossWith LossSettings.defaults WeightSettings.defaults options
