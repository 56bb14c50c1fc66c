namespace MetricLearning.Core

open System
open MetricLearning

/// The purpose of an epoch of adversarial training.
[<RequireQualifiedAccess>]
type Phase =
    /// The metric learns; the generator is frozen.
    | MetricAlone
    /// The generator learns; trunk and classifier are frozen.
    | GeneratorAlone
    /// Both learn.
    | Together

/// Options of adversarial training.
type Adversarial =
    {
        /// The first epochs, in which only the metric learns.
        MetricAloneEpochs: int
        /// The epochs after those, in which only the generator learns.
        GeneratorAloneEpochs: int
        /// The number of random triplets for each sample, each of which gets a synthetic negative; null: all triplets.
        TripletsPerAnchor: Nullable<int>
    }

/// The phases of adversarial training. Pure.
module Phase =

    /// The phase of an epoch, counted from 1.
    let at (options: Adversarial) (epoch: int) : Phase =
        if epoch <= options.MetricAloneEpochs then
            Phase.MetricAlone
        elif epoch <= options.MetricAloneEpochs + options.GeneratorAloneEpochs then
            Phase.GeneratorAlone
        else
            Phase.Together

    let private ofMetric = [ Keys.MetricLoss; Keys.ClassifierLoss ]

    let private ofGenerator =
        [
            Keys.GeneratorHardLoss
            Keys.GeneratorRegularizationLoss
            Keys.GeneratorAdversarialLoss
        ]

    /// The losses that count.
    let losses (phase: Phase) : string list =
        match phase with
        | Phase.MetricAlone -> ofMetric
        | Phase.GeneratorAlone -> ofGenerator
        | Phase.Together -> ofMetric @ ofGenerator @ [ Keys.SynthLoss ]

    /// The networks that are in evaluation mode and get no gradient.
    let frozen (phase: Phase) : Set<string> =
        match phase with
        | Phase.MetricAlone -> Set.singleton Keys.Generator
        | Phase.GeneratorAlone -> Set.ofList [ Keys.Trunk; Keys.Classifier ]
        | Phase.Together -> Set.empty

    /// The networks that are neither frozen nor stepped: gradients pass through them.
    let resting (phase: Phase) : Set<string> =
        match phase with
        | Phase.GeneratorAlone -> Set.singleton Keys.Embedder
        | Phase.MetricAlone
        | Phase.Together -> Set.empty

/// Trains a metric, and a generator of synthetic negatives that works against it (Duan et al. 2018, "Deep Adversarial
/// Metric Learning").
[<CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module DeepAdversarialMetricLearning =

    /// As documented: both learn together from the first epoch on, 100 triplets for each sample.
    let defaults: Adversarial =
        {
            MetricAloneEpochs = 0
            GeneratorAloneEpochs = 0
            TripletsPerAnchor = Nullable 100
        }

    /// As TrainWithClassifier, where the classifier is optional, and a generator with its losses; perhaps a miner of the
    /// generator's triplets.
    let schema: Schema =
        let basic = Schema.basic "DeepAdversarialMetricLearning"

        { basic with
            Models =
                basic.Models
                @ [ Keys.Classifier, Presence.Optional; Keys.Generator, Presence.Required ]
            Losses =
                basic.Losses
                @ [
                    Keys.ClassifierLoss, Presence.Optional
                    Keys.SynthLoss, Presence.Required
                    Keys.GeneratorAdversarialLoss, Presence.Required
                ]
            ExtraLosses = [ Keys.GeneratorHardLoss; Keys.GeneratorRegularizationLoss ]
            Heads = [ Keys.Classifier, Keys.ClassifierLoss ]
            Miners = basic.Miners @ [ Keys.GeneratorTripletMiner ]
        }

    let private decide (options: Adversarial) (runKeys: RunKeys) (progress: Progress) : Plan =
        let phase = Phase.at options progress.Epoch
        let losses = Phase.losses phase

        let weights =
            progress.LossWeights
            |> Map.map (fun name weight -> if List.contains name losses then weight else 0.0)

        let plan =
            Plan.create schema.Heads runKeys (runKeys.Frozen + Phase.frozen phase) weights

        let resting = Phase.resting phase |> Set.map Keys.optimizerOf

        { plan with
            Stepping = plan.Stepping |> List.filter (fun key -> not (resting.Contains key))
        }

    // The losses on the generator's output, in every phase.
    let private ofSynthetic = Keys.SynthLoss :: Phase.losses Phase.GeneratorAlone

    let private synthetic (options: Adversarial) (ctx: Context) (featured: Featured) : Losses =
        let ofTriplets =
            Objective.term Keys.GeneratorHardLoss ctx (SyntheticNegatives.distanceTo _.Anchors)
            <+> Objective.term Keys.GeneratorRegularizationLoss ctx (SyntheticNegatives.distanceTo _.Negatives)

        let ofEmbeddings =
            SyntheticNegatives.embed ctx
            >> (Objective.term
                    Keys.GeneratorAdversarialLoss
                    ctx
                    (SyntheticNegatives.adversarial Keys.GeneratorAdversarialLoss ctx)
                <+> Objective.metricAs Keys.SynthLoss ctx)

        match SyntheticNegatives.generate options.TripletsPerAnchor ctx featured with
        | Some triplets ->
            (ofTriplets
             <+> Objective.during [ Keys.GeneratorAdversarialLoss; Keys.SynthLoss ] ctx ofEmbeddings)
                triplets
        | None -> SyntheticNegatives.nothing ofSynthetic ctx featured

    let private real (ctx: Context) : Featured -> Losses =
        Embedding.ofFeatures ctx
        >> Mining.mine ctx
        >> (Objective.metric ctx <+> Objective.classifier ctx)

    let private whole (options: Adversarial) (ctx: Context) : Featured -> Losses =
        Objective.during (Phase.losses Phase.MetricAlone) ctx (real ctx)
        <+> Objective.during ofSynthetic ctx (synthetic options ctx)

    let private checkCounts (options: Adversarial) =
        [
            if options.MetricAloneEpochs < 0 then
                $"metricAloneEpochs is {options.MetricAloneEpochs}; it must be at least 0."
            if options.GeneratorAloneEpochs < 0 then
                $"gAloneEpochs is {options.GeneratorAloneEpochs}; it must be at least 0."
            if options.TripletsPerAnchor.HasValue && options.TripletsPerAnchor.Value < 1 then
                $"gTripletsPerAnchor is {options.TripletsPerAnchor}; it must be at least 1, or all of them."
        ]

    let private checkLoss (run: RunOptions) =
        [
            for key, loss in run.LossFuncs.Present do
                if key = Keys.GeneratorAdversarialLoss && not (loss :? TripletMarginLoss) then
                    $"LossFuncs[\"{key}\"] is a {loss.GetType().Name}; it must be a TripletMarginLoss, whose margin and form the adversarial loss uses."
        ]

    let private givenTuples =
        [
            Keys.MetricLoss, GivenTuples.Mined Keys.TupleMiner
            Keys.ClassifierLoss, GivenTuples.Nothing
            Keys.SynthLoss, GivenTuples.Always
        ]

    // A phase without a loss, or with nothing to step, would end the run in the middle.
    let private checkPhases (options: Adversarial) (run: RunOptions) =
        let phases =
            [
                if options.MetricAloneEpochs > 0 then
                    Phase.MetricAlone, "metricAloneEpochs"
                if options.GeneratorAloneEpochs > 0 then
                    Phase.GeneratorAlone, "gAloneEpochs"
            ]

        [
            for phase, epochs in phases do
                match run.LossWeights with
                | NonNull weights when
                    weights.Pairs
                    |> List.forall (fun (name, weight) ->
                        not (weight > 0.0) || not (List.contains name (Phase.losses phase)))
                    ->
                    let names = Phase.losses phase |> List.map (sprintf "\"%s\"") |> String.concat ", "

                    $"In the epochs of {epochs} no loss has a weight above zero: raise one of {names}, or set {epochs} to 0."
                | _ -> ()

            if options.GeneratorAloneEpochs > 0 && List.contains Keys.Generator run.Frozen then
                "FreezeThese contains \"generator\", the only network that learns in the epochs of gAloneEpochs; set that to 0, or let the generator learn."
        ]

    let private checkMisprint (run: RunOptions) =
        [
            match run.LossWeights with
            | NonNull weights when weights.ContainsKey "g_hard_lss" ->
                $"\"g_hard_lss\" is a misprint in the documentation of pytorch-metric-learning; write \"{Keys.GeneratorHardLoss}\"."
            | _ -> ()
        ]

    /// The trunk's features; on them embed, mine, metric loss and classifier loss; and generate, losses of the synthetic
    /// negatives, embed, losses of the synthetic triplets. The phase decides which of these count, and who learns.
    let recipe (options: Adversarial) : Recipe =
        {
            Schema = schema
            Inspect =
                fun run ->
                    Diagnostics.concat
                        [
                            Diagnostics.errors (
                                checkCounts options
                                @ checkLoss run
                                @ checkPhases options run
                                @ checkMisprint run
                            )
                            LossInputs.check schema.Trainer givenTuples run
                        ]
            Decide = decide options
            Halves = Halves.cut Embedding.features (whole options)
        }
