namespace MetricLearning

open System
open System.Collections.Generic
open System.Runtime.InteropServices
open TorchSharp
open MetricLearning.Core

/// Similarity that spreads along the manifold on which embeddings and learned proxies lie: each sample should be nearer to
/// its proxy than to the others, by the spread similarity (1 − α)(I − α D^−½ S D^−½)⁻¹ and by the context of both, their rows
/// of it (Aziere & Todorovic 2019, "Ensemble deep manifold similarity learning using hard proxies"). Samples belong to random
/// proxies unless `Compute` is given others. Its parameter is `proxies` (k × l).
[<Sealed>]
type ManifoldLoss
    /// <param name="l">Dimension of the embeddings.</param>
    /// <param name="k">Number of proxies.</param>
    /// <param name="lambdaC">Weight of the context loss; 0 leaves it out.</param>
    /// <param name="alpha">Spread of similarity from neighbour to neighbour, above 0 and below 1.</param>
    /// <param name="margin">Margin by which a sample should be nearer to its own proxy than to others.</param>
    (
        l: int,
        [<Optional; DefaultParameterValue(50)>] k: int,
        [<Optional; DefaultParameterValue(1.0)>] lambdaC: float,
        [<Optional; DefaultParameterValue(0.8)>] alpha: float,
        [<Optional; DefaultParameterValue(5e-4)>] margin: float
    ) as this =
    inherit Loss("ManifoldLoss", CosineSimilarity())

    do
        if l < 1 || k < 1 then
            invalidArg (nameof l) $"ManifoldLoss needs at least one dimension and one proxy; it was given {l} and {k}."

        if not (lambdaC >= 0.0) then
            invalidArg (nameof lambdaC) $"lambdaC is the weight of the context loss and cannot be {lambdaC}."

        if not (alpha > 0.0 && alpha < 1.0) then
            invalidArg (nameof alpha) $"alpha must be above 0 and below 1; it is {alpha}."

        this.Learn("proxies", Locks.drawing [||] (fun () -> torch.randn (int64 k, int64 l)))

    // (I − α S̄)⁻¹ (1 − α), with S̄ the similarity of all to all, normalised.
    let spread (similarity: torch.Tensor) : torch.Tensor =
        let identity =
            torch.eye (similarity.size 0, dtype = torch.ScalarType.Bool, device = similarity.device)

        let near =
            (similarity.relu () ./ 0.5).exp().masked_fill(identity, Numeric.scalar 0.0)

        let root = near.sum([| 1L |], true).rsqrt()
        let normal = near * root * root.t ()

        torch.linalg.inv (identity.to_type normal.dtype - normal .* alpha)
        .* (1.0 - alpha)

    // log(1 + Σ eˣ) over the other proxies that come within the margin, averaged over samples.
    let ranking (toProxies: torch.Tensor) (own: torch.Tensor) : torch.Tensor =
        let violation = toProxies - toProxies.gather (1L, own.unsqueeze 1L) .+ margin
        let others = (ClassSoftmax.ownClass own k).logical_not()
        let counted = violation.detach().ge(Numeric.scalar 0.0).logical_and others
        (LogSumExp.withOne 1L counted violation).mean()

    let check (input: MetricInput) : unit =
        if not (isNull input.Labels) || not input.IsSelf then
            invalidArg
                "labels"
                "ManifoldLoss takes neither labels nor reference embeddings: give metaClasses, or nothing."

        match input.Tuples with
        | Tuples.All -> ()
        | _ -> invalidArg "tuples" "ManifoldLoss takes no tuples: give metaClasses, or nothing."

        if input.Embeddings.size 1 <> int64 l then
            invalidArg
                "embeddings"
                $"This loss was made for embeddings of {l} numbers; these have {input.Embeddings.size 1}."

    // `metaClasses` (N): the proxy of each sample.
    member private this.Elements(metaClasses: torch.Tensor, input: MetricInput) : IReadOnlyList<LossElements> =
        check input
        let count = input.Embeddings.size 0

        if count = 0L then
            [| ElementsOf.Nothing("loss", input.Embeddings) |]
        else
            let proxies = this.Learned("proxies", input.Embeddings)
            // There is no inverse in 16 bits.
            let all =
                torch.cat ([| Numeric.atLeast32 input.Embeddings; Numeric.atLeast32 proxies |], 0L)

            let spread = spread (this.Distance.Matrix(all, null))

            let ofSamples, ofProxies =
                spread.narrow (0L, 0L, count), spread.narrow (0L, count, int64 k)

            let intrinsic () =
                ranking (ofSamples.narrow (1L, count, int64 k)) metaClasses

            let context () =
                let cosines =
                    (torch.nn.functional.normalize ofSamples).mm((torch.nn.functional.normalize ofProxies).t())

                ranking cosines metaClasses .* lambdaC

            let loss =
                if lambdaC = 0.0 then intrinsic ()
                elif Double.IsPositiveInfinity lambdaC then context ()
                else intrinsic () .+. context ()

            [| ElementsOf.Reduced("loss", loss) |]

    override _.TakesLabels = false

    override _.TakesTuples = false

    override _.TakesReferences = false

    /// The loss with every sample belonging to a random proxy.
    override this.ComputeLoss input =
        let drawn = MetaClasses.draw k (input.Embeddings.size 0) input.Seed
        this.Elements(torch.tensor(drawn).``to`` input.Embeddings.device, input)

    /// The loss with samples belonging to the given proxies. `embeddings` (N × l); `labels` must be null; `metaClasses` (N): the
    /// proxy of each embedding, 0 to k − 1.
    member this.Compute
        (embeddings: torch.Tensor, labels: torch.Tensor | null, metaClasses: torch.Tensor)
        : torch.Tensor =
        // Nothing is left to chance.
        let input =
            MetricInput(embeddings, labels, Tuples.All, null, null, lazy (Seed.ofInt64 0L))

        this.Finish(this.Elements(MetaClasses.check k embeddings metaClasses, input), input)
