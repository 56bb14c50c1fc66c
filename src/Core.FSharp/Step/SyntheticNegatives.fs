namespace MetricLearning.Core

open System
open TorchSharp
open type TorchSharp.torch
open MetricLearning

/// Triplets of a batch's features, and the negatives that the generator made for them. Row i of each is triplet i.
[<ReferenceEquality>]
type Synthetic =
    {
        /// Shape (T, F).
        Anchors: Tensor
        /// Shape (T, F).
        Positives: Tensor
        /// The real negatives: shape (T, F).
        Negatives: Tensor
        /// The synthetic negatives: shape (T, F).
        Generated: Tensor
        /// Of anchors, positives and negatives, in that order: int64 of shape (3T). A synthetic negative has the label of
        /// the real one.
        Labels: Tensor
    }

/// Synthetic negatives and the losses on them (Duan et al. 2018, "Deep Adversarial Metric Learning").
module SyntheticNegatives =

    let private choose (perAnchor: Nullable<int>) (ctx: Context) (featured: Featured) =
        let seed = Seed.derive Keys.Generator 0L ctx.Seed

        let tuples =
            match Context.miner Keys.GeneratorTripletMiner ctx with
            | Some miner ->
                PartCalls.miner Keys.GeneratorTripletMiner miner (fun () ->
                    miner.Mine(featured.Features, featured.Labels, null, null, seed))
            | None -> Tuples.All

        match tuples with
        | Tuples.All ->
            let comparison = Context.comparison Keys.MetricLoss ctx
            LabelMasks.triplets comparison perAnchor (lazy seed) featured.Labels null
        | chosen -> Tuples.toTriplets perAnchor (lazy seed) featured.Labels null chosen

    let private call (ctx: Context) (size: int64) (input: Tensor) : Tensor =
        let wanted =
            $"The generator must take 3 × {size} = {3L * size} numbers (a triplet of the trunk's outputs) and make {size}"

        let generated =
            try
                Embedding.through Keys.Generator ctx input
            with :? PartException as error ->
                raise (error.Because(fun reason -> $"{wanted}. {reason}"))

        if generated.dim () <> 2L || generated.size 1 <> size then
            invalidOp $"{wanted}; it made {generated.ToString TensorStringStyle.Metadata}."

        generated

    /// Triplets of the features and a synthetic negative for each; None where the batch has no triplet. `perAnchor` triplets
    /// for each sample are drawn from the step's seed (null: all there are), unless there is a miner
    /// `g_triplet_miner` to choose them.
    /// Raises InvalidOperationException when features are not a matrix, or the generator's sizes are not those of a triplet
    /// and of one sample.
    let generate (perAnchor: Nullable<int>) (ctx: Context) (featured: Featured) : Synthetic option =
        let features = featured.Features

        if features.dim () <> 2L then
            invalidOp
                $"The trunk's output must have the shape (samples, size) for the generator; it has {features.dim ()} dimensions. Let the trunk end with a flatten or a linear layer."

        let struct (a, p, n) = choose perAnchor ctx featured

        if a.size 0 = 0L then
            None
        else
            let rows (indices: Tensor) = InOrder.rows indices features
            let anchors, positives, negatives = rows a, rows p, rows n

            Some
                {
                    Anchors = anchors
                    Positives = positives
                    Negatives = negatives
                    Generated = call ctx (features.size 1) (torch.cat ([| anchors; positives; negatives |], 1L))
                    Labels = InOrder.rows (torch.cat ([| a; p; n |], 0L)) featured.Labels
                }

    /// The embeddings of anchors, positives and synthetic negatives (3T rows, in that order) with the T triplets.
    let embed (ctx: Context) (synthetic: Synthetic) : Mined =
        let embedded =
            Embedding.ofFeatures
                ctx
                {
                    Features = torch.cat ([| synthetic.Anchors; synthetic.Positives; synthetic.Generated |], 0L)
                    Labels = synthetic.Labels
                }

        let triplets = synthetic.Anchors.size 0

        let rows first =
            Numeric.range (first * triplets) ((first + 1L) * triplets) 1L synthetic.Labels.device

        Mined(
            embedded.Embeddings,
            embedded.Labels,
            Tuples.Triplets(rows 0L, rows 1L, rows 2L)
            |> TupleRanges.mark (3L * triplets) (3L * triplets)
        )

    /// The distance of synthetic negatives from the real samples that `like` chooses: the mean squared difference of
    /// normalised rows.
    let distanceTo (like: Synthetic -> Tensor) (synthetic: Synthetic) : Tensor =
        let normalize (rows: Tensor) =
            torch.nn.functional.normalize (rows, 2.0, 1L)

        torch.nn.functional.mse_loss (normalize synthetic.Generated, normalize (like synthetic))

    /// The adversarial loss `name` of embedded synthetic triplets: d(a, s) − d(a, p) − margin, as the loss function, a
    /// `TripletMarginLoss`, shapes and reduces it.
    let adversarial (name: string) (ctx: Context) (mined: Mined) : Tensor =
        match ctx.Losses[name].Handle.Module with
        | :? TripletMarginLoss as loss ->
            let seed = lazy (Seed.derive name 0L ctx.Seed)

            PartCalls.loss ctx.LabelRange name loss mined.Embeddings mined.Labels (fun () ->
                TrainingInput.make loss.LabelComparison mined.Embeddings mined.Labels mined.Choice null null seed
                |> loss.ComputeAdversarial)
        | other -> invalidOp $"The loss \"{name}\" is a {other.GetType().Name}; it must be a TripletMarginLoss."

    /// The losses of a batch without any triplet: zeros that depend on the generator, so that there are gradients.
    let nothing (names: string list) (ctx: Context) (featured: Featured) : Losses =
        let zero (_: Featured) =
            (featured.Features.sum().times 0L, ctx.Networks[Keys.Generator].Handle.Parameters)
            ||> Array.fold (fun sum (struct (parameter, _)) -> sum .+. parameter.sum().times 0L)

        names
        |> List.map (fun name -> Objective.term name ctx zero featured)
        |> Objective.all
