namespace MetricLearning

open System.Runtime.InteropServices
open TorchSharp

/// A loss of two views of every sample, without labels: row i of the embeddings and row i of the reference embeddings belong
/// together, all others are negatives.
[<Sealed>]
type SelfSupervisedLoss
    /// <param name="loss">The loss of the views; any to which labels only say which samples belong together. It becomes a part of this one.</param>
    /// <param name="symmetric">Takes views of both kinds as anchors, and all others of both kinds as negatives; otherwise only the embeddings are anchors, against the reference embeddings.</param>
    (loss: Loss, [<Optional; DefaultParameterValue(true)>] symmetric: bool) as this =
    inherit Loss("SelfSupervisedLoss")

    do
        if isNull (box loss) then
            nullArg (nameof loss)

        if not loss.TakesAnyLabels then
            invalidArg
                (nameof loss)
                $"SelfSupervisedLoss cannot work with {loss.Name}, to which classes mean more than which samples belong together."

        if not loss.LabelComparison.IsEquality then
            invalidArg
                (nameof loss)
                $"SelfSupervisedLoss gives its loss the numbers of samples as labels, so {loss.Name} cannot have LabelComparison.{loss.LabelComparison.Name}: leave that out."

        this.register_module ("loss", loss)

    /// The loss of the views.
    member _.WrappedLoss = loss

    /// True if views of both kinds are anchors.
    member _.Symmetric = symmetric

    override this.CheckDistance _ = Wrapping.refuseDistance this.Name

    override _.TakesLabels = false

    override _.TakesTuples = false

    override _.TakesAnyLabels = false

    override _.ComputeLoss input =
        match Views.check "SelfSupervisedLoss" input with
        | null -> invalidArg "refEmbeddings" "SelfSupervisedLoss needs refEmbeddings: the other view of every sample."
        | references ->
            let embeddings = input.Embeddings

            let labels = Numeric.upTo (embeddings.size 0) embeddings.device

            let views =
                if symmetric then
                    let both = torch.cat ([| embeddings; references |], 0L)
                    input.Against(both, torch.cat ([| labels; labels |], 0L), Tuples.All, null, null, null)
                else
                    input.Against(embeddings, labels, Tuples.All, references, labels, null)

            [| ElementsOf.Reduced("loss", loss.ComputeOn views) |]
