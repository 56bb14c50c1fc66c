namespace MetricLearning

open MetricLearning.Core
open System
open System.Collections.Generic
open TorchSharp

/// Options of SoftTriple. Its parameter is `fc` (D × C·K), the K centres of a class side by side.
[<RequireQualifiedAccess>]
type SoftTriple =
    {
        /// How many classes there are: labels are 0 to `NumClasses` − 1.
        NumClasses: int
        /// How wide embeddings are.
        EmbeddingSize: int
        /// How many centres a class has.
        CentersPerClass: int
        /// What similarities are multiplied by.
        La: double
        /// How softly the centres of a class share its samples.
        Gamma: double
        /// What is taken from the similarity of the right class.
        Margin: double
    }

/// Softmax cross entropy over classes of several centres: a class is as similar as its centres are, weighted by the
/// softmax of just that (Qian et al. 2019, "SoftTriple loss").
module SoftTriple =

    /// As documented.
    let defaults (numClasses: int) (embeddingSize: int) : SoftTriple =
        {
            NumClasses = numClasses
            EmbeddingSize = embeddingSize
            CentersPerClass = 10
            La = 20.0
            Gamma = 0.1
            Margin = 0.01
        }

    /// The parameter's name.
    let parameter = "fc"

    /// How weights start where nothing is given.
    let weightSettings (given: WeightSettings) : WeightSettings =
        let kaimingUniform =
            Action<torch.Tensor>(fun weights -> torch.nn.init.kaiming_uniform_ (weights, a = sqrt 5.0) |> ignore)

        WeightSettings.orElse kaimingUniform given

    /// Distance and reducer where none is given: cosine similarity, the mean. The distance must be a similarity.
    let settings (given: LossSettings) : LossSettings =
        given
        |> LossSettings.orElse (fun () -> CosineSimilarity()) (fun () -> MeanReducer())
        |> LossSettings.checkDistance (fun distance ->
            if not distance.IsInverted then
                invalidArg (nameof distance) "SoftTripleLoss needs a similarity, such as CosineSimilarity.")

    // (N × C) from the similarity of every centre.
    let private similarity
        (options: SoftTriple)
        (distance: Distance)
        (weights: torch.Tensor)
        (embeddings: torch.Tensor)
        =
        let ofCenters =
            distance
                .Matrix(embeddings, weights.t ())
                .reshape(embeddings.size 0, int64 options.NumClasses, int64 options.CentersPerClass)

        let shares = (ofCenters / options.Gamma).softmax 2L
        (shares * ofCenters).sum 2L

    /// One value a sample.
    let elements
        (options: SoftTriple)
        (distance: Distance)
        (weights: torch.Tensor)
        (input: MetricInput)
        : IReadOnlyList<LossElements> =
        similarity options distance weights input.Embeddings
        |> ClassSoftmax.ofTarget input (fun own -> own - options.Margin)
        |> fun logits -> ClassSoftmax.crossEntropy input (logits * options.La)

    /// Similarities of classes (N × C), neither scaled nor with a margin.
    let logits (options: SoftTriple) (distance: Distance) (weights: torch.Tensor) (embeddings: torch.Tensor) =
        similarity options distance weights embeddings

    /// The loss, with settings beyond its own options.
    let lossWith (given: LossSettings) (weights: WeightSettings) (options: SoftTriple) : WeightedLoss =
        new FormulaWeightedLoss(
            settings given,
            weightSettings weights,
            parameter,
            options.NumClasses,
            options.EmbeddingSize,
            true,
            options.CentersPerClass,
            [| "loss" |],
            elements options,
            logits options
        )

    /// The loss.
    let loss (options: SoftTriple) : WeightedLoss =
        lossWith LossSettings.defaults WeightSettings.defaults options
