using MetricLearning.Tests.Trainers;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace MetricLearning.Tests.BadInput;

/// <summary>What only one of the trainers can be given wrong.</summary>
public sealed class TrainerMistakes
{
    private static TrainerMistake WithClassifier(Func<TrainerOptions, TrainerOptions> change, params string[] words) =>
        new(nameof(TrainWithClassifier), change, words);

    private static TrainerMistake Cascaded(Func<TrainerOptions, TrainerOptions> change, params string[] words) =>
        new(nameof(CascadedEmbeddings), change, words);

    private static TrainerMistake Sizes(int[] sizes, params string[] words) =>
        new(nameof(CascadedEmbeddings), options => options, words, options => new CascadedEmbeddings(sizes, options));

    private static TrainerMistake TwoStreams(Func<TrainerOptions, TrainerOptions> change, params string[] words) =>
        new(nameof(TwoStreamMetricLoss), change, words);

    private static readonly Dictionary<string, TrainerMistake> Mistakes = new()
    {
        // TrainWithClassifier/classifier_without_loss, …/classifier_loss_without_classifier
        ["a classifier without a loss"] = WithClassifier(
            o => o.WithoutLoss("classifier_loss"),
            "Models contains \"classifier\", but LossFuncs has no \"classifier_loss\"",
            "add that loss, or leave the network out"
        ),
        ["a classifier's loss without a classifier"] = WithClassifier(
            o => o.WithoutModel("classifier"),
            "LossFuncs contains \"classifier_loss\", but Models has no \"classifier\"",
            "add that network, or leave the loss out"
        ),
        ["a numbered classifier where there is one"] = WithClassifier(
            o => o.WithModel("classifier_0"),
            "\"classifier_0\"",
            "\"trunk\", \"embedder\", \"classifier\""
        ),
        ["a generator without an adversary"] = WithClassifier(o => o.WithModel("generator"), "\"generator\""),
        ["a generator's miner without an adversary"] = WithClassifier(
            o => o.WithMiner("g_triplet_miner", new MultiSimilarityMiner()),
            "\"g_triplet_miner\"",
            "\"subset_batch_miner\", \"tuple_miner\""
        ),

        ["no sections"] = Sizes([], "embeddingSizes is empty", "the size of every section"),
        ["a section of nothing"] = Sizes([2, 0], "embeddingSizes contains 0", "at least one column"),
        ["a section of less than nothing"] = Sizes([-3, 2], "embeddingSizes contains -3"),
        ["a section more than there are losses"] = Sizes([1, 1, 1], "LossFuncs must contain \"metric_loss_2\""),
        ["a loss more than there are sections"] = Cascaded(
            o => o.WithLoss("metric_loss_2"),
            "\"metric_loss_2\"",
            "\"metric_loss_0\", \"metric_loss_1\""
        ),
        ["a loss without a number"] = Cascaded(o => o.WithLoss("metric_loss"), "\"metric_loss\"", "\"metric_loss_0\""),
        ["a tuple miner without a number"] = Cascaded(
            o => o.WithMiner("tuple_miner", new HDCMiner()),
            "MiningFuncs has an entry \"tuple_miner\"",
            "\"subset_batch_miner\", \"tuple_miner_0\", \"tuple_miner_1\""
        ),
        ["a tuple miner more than there are sections"] = Cascaded(
            o => o.WithMiner("tuple_miner_2", new HDCMiner()),
            "\"tuple_miner_2\""
        ),
        ["a subset miner of one section"] = Cascaded(
            o => o.WithMiner("tuple_miner_0", Changed.Subset),
            "MiningFuncs[\"tuple_miner_0\"] is a subset miner",
            "\"subset_batch_miner\""
        ),
        ["a numbered classifier without a loss"] = Cascaded(
            o => o.WithModel("classifier_0"),
            "Models contains \"classifier_0\"",
            "no \"classifier_loss_0\""
        ),
        ["a numbered classifier's loss without a classifier"] = Cascaded(
            o => o.WithoutModel("classifier_1"),
            "LossFuncs contains \"classifier_loss_1\"",
            "no \"classifier_1\""
        ),
        ["a section's loss without a weight"] = Cascaded(
            o => new TrainerOptions(o)
            {
                LossWeights = new() { ["metric_loss_0"] = 1, ["classifier_loss_1"] = 1 },
            },
            "LossWeights must contain \"metric_loss_1\""
        ),
        ["a section to freeze that is not there"] = Cascaded(
            o => new TrainerOptions(o) { FreezeThese = ["classifier_7"] },
            "FreezeThese has an entry \"classifier_7\"",
            "\"classifier_1\""
        ),

        ["a subset miner of two streams"] = TwoStreams(
            o => o.WithMiner("subset_batch_miner", Changed.Subset),
            "MiningFuncs has an entry \"subset_batch_miner\"",
            "\"tuple_miner\""
        ),
        ["one tensor for two streams"] = TwoStreams(
            o => new TrainerOptions(o) { Dataset = TrainingData.FromTensors(zeros(24, 4), new long[24]) },
            "The dataset has 1 input tensor(s)",
            "2 streams",
            "(anchor, positive or negative, label)"
        ),
        ["three tensors for two streams"] = TwoStreams(
            o => new TrainerOptions(o)
            {
                Dataset = TrainingData.FromTensors([zeros(24, 4), zeros(24, 4), zeros(24, 4)], new long[24]),
            },
            "The dataset has 3 input tensor(s)"
        ),
        ["a classifier on two streams"] = TwoStreams(o => o.WithModel("classifier"), "\"classifier\""),
    };

    public static TheoryData<string> Names => [.. Mistakes.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Construction_refuses(string mistake) => Mistakes[mistake].AssertRefused();

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Samples_that_are_no_pairs_are_refused_at_the_first_batch(int inputs)
    {
        using var problem = new AnyTrainer(nameof(TwoStreamMetricLoss));
        var options = new TrainerOptions(problem.Options)
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
        var options = new TrainerOptions(problem.Options)
        {
            Dataset = TrainingData.FromTensors([problem.Data, zeros(24, 5)], problem.Labels),
        };

        Refusing.AtStep<InvalidOperationException>(
            options,
            problem.Create,
            "The trunk cannot take an input of Float32 [8 × 5]"
        );
    }

    [Fact]
    public void Sizes_that_are_null_are_refused_by_name()
    {
        using var problem = new AnyTrainer(nameof(CascadedEmbeddings));
        var error = Assert.Throws<ArgumentNullException>(() => new CascadedEmbeddings(null!, problem.Options));
        Assert.Equal("embeddingSizes", error.ParamName);
    }
}
