using MetricLearning.Tests.Trainers;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace MetricLearning.Tests.BadInput;

/// <summary>What only one of the trainers can be given wrong.</summary>
public sealed class TrainerMistakes
{
    private sealed record Wrong(
        string Trainer,
        Func<TrainerOptions, TrainerOptions> Change,
        string[] Words,
        Func<TrainerOptions, BaseTrainer>? Construct = null
    );

    private static BaseTrainer Adversarial(
        TrainerOptions options,
        int metricAlone = 1,
        int gAlone = 1,
        int? triplets = 3
    ) => new DeepAdversarialMetricLearning(options, metricAlone, gAlone, triplets);

    private static Wrong WithClassifier(Func<TrainerOptions, TrainerOptions> change, params string[] words) =>
        new(nameof(TrainWithClassifier), change, words);

    private static Wrong Cascaded(Func<TrainerOptions, TrainerOptions> change, params string[] words) =>
        new(nameof(CascadedEmbeddings), change, words);

    private static Wrong Sizes(int[] sizes, params string[] words) =>
        new(nameof(CascadedEmbeddings), options => options, words, options => new CascadedEmbeddings(sizes, options));

    private static Wrong TwoStreams(Func<TrainerOptions, TrainerOptions> change, params string[] words) =>
        new(nameof(TwoStreamMetricLoss), change, words);

    private static Wrong Adversary(Func<TrainerOptions, TrainerOptions> change, params string[] words) =>
        new(nameof(DeepAdversarialMetricLearning), change, words);

    private static Wrong Epochs(Func<TrainerOptions, BaseTrainer> construct, params string[] words) =>
        new(nameof(DeepAdversarialMetricLearning), options => options, words, construct);

    private static TrainerOptions WithoutModel(TrainerOptions options, string key) =>
        options with
        {
            Models = new(options.Models.Where(entry => entry.Key != key)),
            Optimizers = new(options.Optimizers.Where(entry => entry.Key != $"{key}_optimizer")),
        };

    private static TrainerOptions WithoutLoss(TrainerOptions options, string key) =>
        options with
        {
            LossFuncs = new(options.LossFuncs.Where(entry => entry.Key != key)),
            Optimizers = new(options.Optimizers.Where(entry => entry.Key != $"{key}_optimizer")),
        };

    private static TrainerOptions WithModel(TrainerOptions options, string key) =>
        options with
        {
            Models = new(options.Models) { [key] = nn.Linear(4, 4) },
        };

    private static TrainerOptions WithLoss(TrainerOptions options, string key) =>
        options with
        {
            LossFuncs = new(options.LossFuncs) { [key] = new ContrastiveLoss() },
        };

    private static TrainerOptions WithMiner(TrainerOptions options, string key, object miner) =>
        options with
        {
            MiningFuncs = new() { [key] = miner },
        };

    private static TrainerOptions Weighing(
        TrainerOptions options,
        double metric = 1,
        double classifier = 1,
        double generator = 1
    ) =>
        options with
        {
            LossWeights = new()
            {
                MetricLoss = metric,
                ClassifierLoss = classifier,
                SynthLoss = 1,
                GAdvLoss = generator,
                GHardLoss = generator,
                GRegLoss = generator,
            },
        };

    private static readonly Func<Tensor, Tensor, Tensor> Subset = (_, _) => arange(4);

    private static readonly Dictionary<string, Wrong> Mistakes = new()
    {
        // TrainWithClassifier/classifier_without_loss, …/classifier_loss_without_classifier
        ["a classifier without a loss"] = WithClassifier(
            o => WithoutLoss(o, "classifier_loss"),
            "models contains \"classifier\", but loss_funcs has no \"classifier_loss\"",
            "add that loss, or leave the network out"
        ),
        ["a classifier's loss without a classifier"] = WithClassifier(
            o => WithoutModel(o, "classifier"),
            "loss_funcs contains \"classifier_loss\", but models has no \"classifier\"",
            "add that network, or leave the loss out"
        ),
        ["a numbered classifier where there is one"] = WithClassifier(
            o => WithModel(o, "classifier_0"),
            "\"classifier_0\"",
            "\"trunk\", \"embedder\", \"classifier\""
        ),
        ["a generator without an adversary"] = WithClassifier(o => WithModel(o, "generator"), "\"generator\""),
        ["a generator's miner without an adversary"] = WithClassifier(
            o => WithMiner(o, "g_triplet_miner", new MultiSimilarityMiner()),
            "\"g_triplet_miner\"",
            "\"subset_batch_miner\", \"tuple_miner\""
        ),

        ["no sections"] = Sizes([], "embedding_sizes is empty", "the size of every section"),
        ["a section of nothing"] = Sizes([2, 0], "embedding_sizes contains 0", "at least one number"),
        ["a section of less than nothing"] = Sizes([-3, 2], "embedding_sizes contains -3"),
        ["a section more than there are losses"] = Sizes([1, 1, 1], "loss_funcs must contain \"metric_loss_2\""),
        ["a loss more than there are sections"] = Cascaded(
            o => WithLoss(o, "metric_loss_2"),
            "\"metric_loss_2\"",
            "\"metric_loss_0\", \"metric_loss_1\""
        ),
        ["a loss without a number"] = Cascaded(o => WithLoss(o, "metric_loss"), "\"metric_loss\"", "\"metric_loss_0\""),
        ["a tuple miner without a number"] = Cascaded(
            o => WithMiner(o, "tuple_miner", new HDCMiner()),
            "mining_funcs has an entry \"tuple_miner\"",
            "\"subset_batch_miner\", \"tuple_miner_0\", \"tuple_miner_1\""
        ),
        ["a tuple miner more than there are sections"] = Cascaded(
            o => WithMiner(o, "tuple_miner_2", new HDCMiner()),
            "\"tuple_miner_2\""
        ),
        ["a subset miner of one section"] = Cascaded(
            o => WithMiner(o, "tuple_miner_0", Subset),
            "mining_funcs[\"tuple_miner_0\"] is a subset miner",
            "\"subset_batch_miner\""
        ),
        ["a numbered classifier without a loss"] = Cascaded(
            o => WithModel(o, "classifier_0"),
            "models contains \"classifier_0\"",
            "no \"classifier_loss_0\""
        ),
        ["a numbered classifier's loss without a classifier"] = Cascaded(
            o => WithoutModel(o, "classifier_1"),
            "loss_funcs contains \"classifier_loss_1\"",
            "no \"classifier_1\""
        ),
        ["a section's loss without a weight"] = Cascaded(
            o =>
                o with
                {
                    LossWeights = new() { ["metric_loss_0"] = 1, ["classifier_loss_1"] = 1 },
                },
            "loss_weights must contain \"metric_loss_1\""
        ),
        ["a section to freeze that is not there"] = Cascaded(
            o => o with { FreezeThese = ["classifier_7"] },
            "freeze_these has an entry \"classifier_7\"",
            "\"classifier_1\""
        ),

        ["a subset miner of two streams"] = TwoStreams(
            o => WithMiner(o, "subset_batch_miner", Subset),
            "mining_funcs has an entry \"subset_batch_miner\"",
            "\"tuple_miner\""
        ),
        ["one tensor for two streams"] = TwoStreams(
            o => o with { Dataset = TrainingData.FromTensors(zeros(24, 4), new long[24]) },
            "The dataset has 1 input tensor(s)",
            "2 streams",
            "(anchor, positive or negative, label)"
        ),
        ["three tensors for two streams"] = TwoStreams(
            o =>
                o with
                {
                    Dataset = TrainingData.FromTensors([zeros(24, 4), zeros(24, 4), zeros(24, 4)], new long[24]),
                },
            "The dataset has 3 input tensor(s)"
        ),
        ["a classifier on two streams"] = TwoStreams(o => WithModel(o, "classifier"), "\"classifier\""),

        // DeepAdversarialMetricLearning/no_metric_loss
        ["no metric loss"] = Adversary(o => WithoutLoss(o, "metric_loss"), "loss_funcs must contain \"metric_loss\""),
        ["no generator"] = Adversary(o => WithoutModel(o, "generator"), "models must contain \"generator\""),
        ["no loss of synthetic triplets"] = Adversary(
            o => WithoutLoss(o, "synth_loss"),
            "loss_funcs must contain \"synth_loss\""
        ),
        ["no adversarial loss"] = Adversary(
            o => WithoutLoss(o, "g_adv_loss"),
            "loss_funcs must contain \"g_adv_loss\""
        ),
        ["an adversarial loss that is none of triplets"] = Adversary(
            o => WithLoss(o, "g_adv_loss"),
            "loss_funcs[\"g_adv_loss\"] is a ContrastiveLoss",
            "must be a TripletMarginLoss"
        ),
        ["a function for a loss that needs none"] = Adversary(
            o => WithLoss(o, "g_hard_loss"),
            "loss_funcs has an entry \"g_hard_loss\""
        ),
        ["the documentation's misprint"] = Adversary(
            o => Weighing(o) with { LossWeights = new(Weighing(o).LossWeights!) { ["g_hard_lss"] = 1 } },
            "\"g_hard_lss\" is a misprint",
            "write \"g_hard_loss\""
        ),
        ["no weight of a loss without a function"] = Adversary(
            o => Weighing(o) with { LossWeights = new(Weighing(o).LossWeights!.Where(w => w.Key != "g_reg_loss")) },
            "loss_weights must contain \"g_reg_loss\""
        ),
        ["an adversary's classifier without a loss"] = Adversary(
            o => WithoutLoss(o, "classifier_loss"),
            "models contains \"classifier\"",
            "\"classifier_loss\""
        ),
        ["a subset miner of the generator's"] = Adversary(
            o => WithMiner(o, "g_triplet_miner", Subset),
            "mining_funcs[\"g_triplet_miner\"] is a subset miner"
        ),
        ["a negative number of epochs of the metric"] = Epochs(
            o => Adversarial(o, metricAlone: -1),
            "metric_alone_epochs is -1",
            "at least 0"
        ),
        ["a negative number of epochs of the generator"] = Epochs(
            o => Adversarial(o, gAlone: -2),
            "g_alone_epochs is -2",
            "at least 0"
        ),
        ["no triplets"] = Epochs(
            o => Adversarial(o, triplets: 0),
            "g_triplets_per_anchor is 0",
            "at least 1, or all of them"
        ),
        ["a negative number of triplets"] = Epochs(o => Adversarial(o, triplets: -5), "g_triplets_per_anchor is -5"),
        ["a frozen generator in its own epochs"] = Adversary(
            o => o with { FreezeThese = ["generator"] },
            "freeze_these contains \"generator\"",
            "g_alone_epochs"
        ),
        ["epochs of a metric without a loss"] = Adversary(
            o => Weighing(o, metric: 0, classifier: 0),
            "In the epochs of metric_alone_epochs no loss has a weight above zero",
            "\"metric_loss\", \"classifier_loss\""
        ),
        ["epochs of a generator without a loss"] = Adversary(
            o => Weighing(o, generator: 0),
            "In the epochs of g_alone_epochs no loss has a weight above zero",
            "\"g_hard_loss\", \"g_reg_loss\", \"g_adv_loss\""
        ),
    };

    public static TheoryData<string> Names => [.. Mistakes.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Construction_refuses(string mistake)
    {
        var (trainer, change, words, construct) = Mistakes[mistake];
        using var problem = new AnyTrainer(trainer);
        var error = Refusing.AtSetup(change(problem.Options), construct ?? problem.Create, words);
        Assert.StartsWith($"{trainer} cannot be set up", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void All_of_an_adversary_s_mistakes_come_together()
    {
        using var problem = new AnyTrainer(nameof(DeepAdversarialMetricLearning));
        var options = WithLoss(WithoutModel(problem.Options, "classifier"), "g_adv_loss") with
        {
            FreezeThese = ["generator"],
            LossWeights = new() { ["g_hard_lss"] = 1 },
        };

        Refusing.AtSetup(
            options,
            given => Adversarial(given, -1, 1, 0),
            "metric_alone_epochs is -1",
            "g_triplets_per_anchor is 0",
            "must be a TripletMarginLoss",
            "\"g_hard_lss\" is a misprint",
            "freeze_these contains \"generator\"",
            "\"classifier_loss\""
        );
    }

    [Theory]
    [InlineData(12, 6)]
    [InlineData(18, 5)]
    [InlineData(6, 6)]
    public void A_generator_of_the_wrong_size_is_refused_at_the_first_batch_with_both_sizes(int takes, int makes)
    {
        using var problem = new AnyTrainer(nameof(DeepAdversarialMetricLearning));
        var options = WithoutModel(problem.Options, "generator");
        options.Models.Generator = nn.Linear(takes, makes);

        Refusing.AtStep<InvalidOperationException>(
            options,
            given => Adversarial(given, metricAlone: 0),
            "3 × 6 = 18 numbers",
            "and make 6"
        );
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Samples_that_are_no_pairs_are_refused_at_the_first_batch(int inputs)
    {
        using var problem = new AnyTrainer(nameof(TwoStreamMetricLoss));
        var options = problem.Options with
        {
            Dataset = TrainingData.FromSamples(
                24,
                (index, _) =>
                    (object[])[.. Enumerable.Repeat<object>(problem.Data[index], inputs), problem.Labels[index]]
            ),
        };

        Refusing.AtStep<InvalidOperationException>(
            options,
            problem.Create,
            "(anchor, positive or negative, label)",
            $"these have {inputs} input(s)"
        );
    }

    [Fact]
    public void Streams_of_another_width_are_refused_at_the_first_batch()
    {
        using var problem = new AnyTrainer(nameof(TwoStreamMetricLoss));
        var options = problem.Options with
        {
            Dataset = TrainingData.FromTensors([problem.Data, zeros(24, 5)], problem.Labels),
        };

        Refusing.AtStep<InvalidOperationException>(options, problem.Create, "The trunk cannot take an input of (8, 5)");
    }

    [Fact]
    public void Sizes_that_are_null_are_refused_by_name()
    {
        using var problem = new AnyTrainer(nameof(CascadedEmbeddings));
        var error = Assert.Throws<ArgumentNullException>(() => new CascadedEmbeddings(null!, problem.Options));
        Assert.Equal("embeddingSizes", error.ParamName);
    }
}
