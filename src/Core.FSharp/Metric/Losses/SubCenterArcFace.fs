namespace MetricLearning

open MetricLearning.Core
open System
open System.Collections.Generic
open TorchSharp

/// Options of ArcFace with several centres a class. Its parameter is `W` (D × C·S), the S centres of a
/// class side by side.
[<RequireQualifiedAccess>]
type SubCenterArcFace =
    {
        /// How many classes there are: labels are 0 to `NumClasses` − 1.
        NumClasses: int
        /// How wide embeddings are.
        EmbeddingSize: int
        /// What is added to the angle of the right class, in degrees.
        Margin: double
        /// What cosines are multiplied by.
        Scale: double
        /// How many centres a class has.
        SubCenters: int
    }

/// ArcFace in which a class is as near as the nearest of its centres, so that noise gathers around centres of its own (Deng
/// et al. 2020, "Sub-center ArcFace").
module SubCenterArcFace =

    /// As documented.
    let defaults (numClasses: int) (embeddingSize: int) : SubCenterArcFace =
        {
            NumClasses = numClasses
            EmbeddingSize = embeddingSize
            Margin = 28.6
            Scale = 64.0
            SubCenters = 3
        }

    /// The parameter's name.
    let parameter = "W"

    /// Distance and reducer where none is given: cosine similarity, the mean.
    let settings (given: LossSettings) : LossSettings =
        ClassSoftmax.cosineSettings "SubCenterArcFaceLoss" given

    // (N × C × S)
    let private ofCenters
        (options: SubCenterArcFace)
        (distance: Distance)
        (weights: torch.Tensor)
        (embeddings: torch.Tensor)
        =
        distance
            .Matrix(embeddings, weights.t ())
            .reshape(embeddings.size 0, int64 options.NumClasses, int64 options.SubCenters)

    let private nearest options distance weights embeddings =
        let struct (cosines, _) = (ofCenters options distance weights embeddings).max 2L
        cosines

    /// Scaled cosines (N × C) to each class's nearest centre, without a margin.
    let logits (options: SubCenterArcFace) (distance: Distance) (weights: torch.Tensor) (embeddings: torch.Tensor) =
        nearest options distance weights embeddings * options.Scale

    /// One value a sample.
    let elements
        (options: SubCenterArcFace)
        (distance: Distance)
        (weights: torch.Tensor)
        (input: MetricInput)
        : IReadOnlyList<LossElements> =
        let margin = ArcFace.withMargin (options.Margin * Math.PI / 180.0)

        nearest options distance weights input.Embeddings
        |> ClassSoftmax.ofTarget input margin
        |> fun cosines -> ClassSoftmax.crossEntropy input (cosines * options.Scale)

    /// The samples farther than `threshold` degrees from their class's dominant centre, the one that is nearest to most of
    /// the class: their numbers, class by class (int64), and the dominant centres (D × C). No gradient is recorded.
    let outliers
        (options: SubCenterArcFace)
        (distance: Distance)
        (weights: torch.Tensor)
        (input: MetricInput)
        (threshold: double)
        : struct (torch.Tensor * torch.Tensor) =
        use _ = torch.no_grad ()
        let classes, centers = int64 options.NumClasses, int64 options.SubCenters
        let labels = input.RequireLabels()
        let cosines = ofCenters options distance weights input.Embeddings
        let column = labels.unsqueeze 1L
        // (N × S), to the centres of the own class.
        let own =
            cosines.gather(1L, column.unsqueeze(2L).expand(-1L, 1L, centers)).squeeze 1L

        let votes = (labels * centers + own.argmax 1L).bincount(null, classes * centers)
        let dominant = votes.reshape(classes, centers).argmax 1L

        let chosen =
            own.gather(1L, dominant.index_select(0L, labels).unsqueeze 1L).squeeze 1L

        let isFar = chosen.lt (Numeric.scalar (cos (threshold * Math.PI / 180.0)))
        let far = isFar.nonzero().select(1L, 0L)
        let struct (_, order) = labels.index_select(0L, far).sort(0L, stable = true)
        let firsts = torch.arange (0L, classes * centers, centers, device = labels.device)
        struct (far.index_select (0L, order), weights.index_select (1L, firsts + dominant))

    /// The loss, with settings beyond its own options.
    let lossWith (given: LossSettings) (weightSettings: WeightSettings) (options: SubCenterArcFace) : WeightedLoss =
        new FormulaWeightedLoss(
            settings given,
            weightSettings,
            parameter,
            options.NumClasses,
            options.EmbeddingSize,
            true,
            options.SubCenters,
            [| "loss" |],
            elements options,
            logits options
        )

    /// The loss.
    let loss (options: SubCenterArcFace) : WeightedLoss =
        lossWith LossSettings.defaults WeightSettings.defaults options
