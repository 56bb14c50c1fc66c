namespace MetricLearning

open MetricLearning.Core
open TorchSharp

/// Row i of the embeddings and row i of the reference embeddings are two views of one sample, and every sample is a class of
/// its own. Symmetric: views of both kinds are anchors, and all others of both kinds are negatives; else only the
/// embeddings are anchors, against the reference embeddings.
type SelfSupervisedLossOf(loss: Loss, symmetric: bool) as this =
    inherit Loss()

    do
        if isNull (box loss) then
            nullArg (nameof loss)

        if not loss.TakesAnyLabels then
            invalidArg
                (nameof loss)
                $"SelfSupervisedLoss cannot work with {loss.GetType().Name}, to which classes mean more than which samples belong together."

        this.register_module ("loss", loss)

    /// The loss of the views.
    member _.WrappedLoss = loss

    /// Whether views of both kinds are anchors.
    member _.Symmetric = symmetric

    override _.TakesAnyLabels = false

    override _.ComputeLoss input =
        let references = Views.check "SelfSupervisedLoss" input

        match references with
        | null -> invalidArg "refEmbeddings" "SelfSupervisedLoss needs refEmbeddings: the other view of every sample."
        | references ->
            let embeddings = input.Embeddings

            let labels =
                torch.arange (embeddings.size 0, dtype = torch.ScalarType.Int64, device = embeddings.device)

            let views =
                if symmetric then
                    let both = torch.cat ([| embeddings; references |], 0L)
                    input.Against(both, torch.cat ([| labels; labels |], 0L), Tuples.All, null, null, null)
                else
                    input.Against(embeddings, labels, Tuples.All, references, labels, null)

            [| ElementsOf.Reduced("loss", loss.ComputeOn views) |]

/// A loss of two views of every sample, without labels.
module SelfSupervised =

    /// The loss, which the given one becomes a part of.
    let loss (symmetric: bool) (wrapped: Loss) : SelfSupervisedLossOf =
        new SelfSupervisedLossOf(wrapped, symmetric)
