using MetricLearning.Tests.Trainers;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace MetricLearning.Tests.BadInput;

/// <summary>What DeepAdversarialMetricLearning can be given wrong.</summary>
public sealed class AdversarialMistakes
{
    private static BaseTrainer Adversarial(
        TrainerOptions options,
        int metricAlone = 1,
        int gAlone = 1,
        int? triplets = 3
    ) => new DeepAdversarialMetricLearning(options, metricAlone, gAlone, triplets);

    private static TrainerMistake Adversary(Func<TrainerOptions, TrainerOptions> change, params string[] words) =>
        new(nameof(DeepAdversarialMetricLearning), change, words);

    private static TrainerMistake Epochs(Func<TrainerOptions, BaseTrainer> construct, params string[] words) =>
        new(nameof(DeepAdversarialMetricLearning), options => options, words, construct);

    private static TrainerOptions Weighing(
        TrainerOptions options,
        double metric = 1,
        double classifier = 1,
        double generator = 1
    ) =>
        new TrainerOptions(options)
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

    private static readonly Dictionary<string, TrainerMistake> Mistakes = new()
    {
        // DeepAdversarialMetricLearning/no_metric_loss
        ["no metric loss"] = Adversary(o => o.WithoutLoss("metric_loss"), "LossFuncs must contain \"metric_loss\""),
        ["no generator"] = Adversary(o => o.WithoutModel("generator"), "Models must contain \"generator\""),
        ["no loss of synthetic triplets"] = Adversary(
            o => o.WithoutLoss("synth_loss"),
            "LossFuncs must contain \"synth_loss\""
        ),
        ["no adversarial loss"] = Adversary(o => o.WithoutLoss("g_adv_loss"), "LossFuncs must contain \"g_adv_loss\""),
        ["an adversarial loss that is none of triplets"] = Adversary(
            o => o.WithLoss("g_adv_loss"),
            "LossFuncs[\"g_adv_loss\"] is a ContrastiveLoss",
            "must be a TripletMarginLoss"
        ),
        ["a function for a loss that needs none"] = Adversary(
            o => o.WithLoss("g_hard_loss"),
            "LossFuncs has an entry \"g_hard_loss\""
        ),
        ["the documentation's misprint"] = Adversary(
            o => new TrainerOptions(Weighing(o)) { LossWeights = new(Weighing(o).LossWeights!) { ["g_hard_lss"] = 1 } },
            "\"g_hard_lss\" is a misprint",
            "write \"g_hard_loss\""
        ),
        ["no weight of a loss without a function"] = Adversary(
            o => new TrainerOptions(Weighing(o))
            {
                LossWeights = new(Weighing(o).LossWeights!.Where(w => w.Key != "g_reg_loss")),
            },
            "LossWeights must contain \"g_reg_loss\""
        ),
        ["an adversary's classifier without a loss"] = Adversary(
            o => o.WithoutLoss("classifier_loss"),
            "Models contains \"classifier\"",
            "\"classifier_loss\""
        ),
        ["a subset miner of the generator's"] = Adversary(
            o => o.WithMiner("g_triplet_miner", Changed.Subset),
            "MiningFuncs[\"g_triplet_miner\"] is a subset miner"
        ),
        ["a negative number of epochs of the metric"] = Epochs(
            o => Adversarial(o, metricAlone: -1),
            "metricAloneEpochs is -1",
            "at least 0"
        ),
        ["a negative number of epochs of the generator"] = Epochs(
            o => Adversarial(o, gAlone: -2),
            "gAloneEpochs is -2",
            "at least 0"
        ),
        ["no triplets"] = Epochs(
            o => Adversarial(o, triplets: 0),
            "gTripletsPerAnchor is 0",
            "at least 1, or all of them"
        ),
        ["a negative number of triplets"] = Epochs(o => Adversarial(o, triplets: -5), "gTripletsPerAnchor is -5"),
        ["a frozen generator in its own epochs"] = Adversary(
            o => new TrainerOptions(o) { FreezeThese = ["generator"] },
            "FreezeThese contains \"generator\"",
            "gAloneEpochs"
        ),
        ["epochs of a metric without a loss"] = Adversary(
            o => Weighing(o, metric: 0, classifier: 0),
            "In the epochs of metricAloneEpochs no loss has a weight above zero",
            "\"metric_loss\", \"classifier_loss\""
        ),
        ["epochs of a generator without a loss"] = Adversary(
            o => Weighing(o, generator: 0),
            "In the epochs of gAloneEpochs no loss has a weight above zero",
            "\"g_hard_loss\", \"g_reg_loss\", \"g_adv_loss\""
        ),
    };

    public static TheoryData<string> Names => [.. Mistakes.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Construction_refuses(string mistake) => Mistakes[mistake].AssertRefused();

    [Fact]
    public void All_of_an_adversary_s_mistakes_come_together()
    {
        using var problem = new AnyTrainer(nameof(DeepAdversarialMetricLearning));
        var options = new TrainerOptions(problem.Options.WithoutModel("classifier").WithLoss("g_adv_loss"))
        {
            FreezeThese = ["generator"],
            LossWeights = new() { ["g_hard_lss"] = 1 },
        };

        Refusing.AtSetup(
            options,
            given => Adversarial(given, -1, 1, 0),
            "metricAloneEpochs is -1",
            "gTripletsPerAnchor is 0",
            "must be a TripletMarginLoss",
            "\"g_hard_lss\" is a misprint",
            "FreezeThese contains \"generator\"",
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
        var options = problem.Options.WithoutModel("generator");
        options.Models.Generator = nn.Linear(takes, makes);

        Refusing.AtStep<InvalidOperationException>(
            options,
            given => Adversarial(given, metricAlone: 0),
            "3 × 6 = 18 numbers",
            "and make 6"
        );
    }
}
