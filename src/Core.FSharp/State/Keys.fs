namespace MetricLearning.Core

/// The time at which a learning-rate schedule moves, after the suffix of its key.
[<RequireQualifiedAccess>]
type Moves =
    /// After every iteration: `NAME_scheduler_by_iteration`.
    | ByIteration
    /// At the end of every epoch: `NAME_scheduler_by_epoch`.
    | ByEpoch
    /// When a hook reports a validation score: `NAME_scheduler_by_plateau`.
    | ByPlateau

/// The dictionary keys of the documentation, written and read in one place.
[<RequireQualifiedAccess>]
module Keys =

    /// The network that sees the data first.
    [<Literal>]
    let Trunk = "trunk"

    /// The network on top of the trunk; an identity when it is left out.
    [<Literal>]
    let Embedder = "embedder"

    /// The network that follows the trunk.
    [<Literal>]
    let MomentumTrunk = "momentum_trunk"

    /// The network that follows the embedder.
    [<Literal>]
    let MomentumEmbedder = "momentum_embedder"

    /// The loss on the embeddings.
    [<Literal>]
    let MetricLoss = "metric_loss"

    /// Chooses which samples of a batch are trained on.
    [<Literal>]
    let SubsetBatchMiner = "subset_batch_miner"

    /// Chooses which pairs or triplets of a batch are trained on.
    [<Literal>]
    let TupleMiner = "tuple_miner"

    /// The network that maps embeddings to class scores.
    [<Literal>]
    let Classifier = "classifier"

    /// The loss on the classifier's scores.
    [<Literal>]
    let ClassifierLoss = "classifier_loss"

    /// The network that maps a triplet to a synthetic negative.
    [<Literal>]
    let Generator = "generator"

    /// The loss on the embeddings of synthetic triplets.
    [<Literal>]
    let SynthLoss = "synth_loss"

    /// The generator's adversarial loss: it pulls synthetic negatives closer than positives.
    [<Literal>]
    let GeneratorAdversarialLoss = "g_adv_loss"

    /// Keeps synthetic negatives near their anchors.
    [<Literal>]
    let GeneratorHardLoss = "g_hard_loss"

    /// Keeps synthetic negatives near the real ones.
    [<Literal>]
    let GeneratorRegularizationLoss = "g_reg_loss"

    /// Chooses the triplets that the generator is given, instead of chance.
    [<Literal>]
    let GeneratorTripletMiner = "g_triplet_miner"

    /// Stands for every network and loss that has an optimizer.
    [<Literal>]
    let All = "all"

    /// The weighted sum of all losses, under which it is reported.
    [<Literal>]
    let TotalLoss = "total_loss"

    /// One of a family of numbered keys: `metric_loss_0`.
    let numbered (name: string) (number: int) : string = $"{name}_{number}"

    /// The key of the optimizer of a network or loss.
    let optimizerOf (name: string) : string = name + "_optimizer"

    /// The network or loss that an optimizer's key names.
    let ownerOf (optimizer: string) : string =
        optimizer.Substring(0, optimizer.Length - (optimizerOf "").Length)

    /// The key of the gradient clipper of a network or loss.
    let clipperOf (name: string) : string = name + "_grad_clipper"

    /// The key of the schedule of a network or loss that moves at the given time.
    let schedulerOf (name: string) (moves: Moves) : string =
        match moves with
        | Moves.ByIteration -> name + "_scheduler_by_iteration"
        | Moves.ByEpoch -> name + "_scheduler_by_epoch"
        | Moves.ByPlateau -> name + "_scheduler_by_plateau"

    /// The three times at which a schedule can move, in the order in which they come up.
    let moves: Moves list = [ Moves.ByIteration; Moves.ByEpoch; Moves.ByPlateau ]

    /// Keys in a message: "a", "b".
    let internal quoted (keys: string seq) : string =
        match String.concat ", " [ for key in keys -> $"\"{key}\"" ] with
        | "" -> "none"
        | keys -> keys
