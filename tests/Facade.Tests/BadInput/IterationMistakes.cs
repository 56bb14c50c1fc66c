using MetricLearning.Core;
using MetricLearning.Tests.Training;
using Xunit;
using static MetricLearning.Tests.BadInput.Altered;
using static TorchSharp.torch;

namespace MetricLearning.Tests.BadInput;

/// <summary>Networks, losses, miners and numbers that show what they are only when an iteration runs.</summary>
public sealed class IterationMistakes
{
    private static TrainerOptions WithNumber(Scenario scenario, float number)
    {
        using var target = scenario.Data[2];
        target.fill_(number);
        return new TrainerOptions(scenario.Options) { Sampler = new long[] { 0, 1, 2, 3, 4, 5, 6, 7 } };
    }

    private static readonly Dictionary<string, Mistake> Mistakes = new()
    {
        ["a trunk that is too wide for the embedder"] = new(
            _ => new Scenario(embedderTakes: 5).Options,
            "The embedder cannot take an input of Float32 [8 × 6]"
        ),
        ["data that are too wide for the trunk"] = new(
            s => new TrainerOptions(s.Options) { Dataset = TrainingData.FromTensors(zeros(24, 7), s.Labels) },
            "The trunk cannot take an input of Float32 [8 × 7]"
        ),
        ["data of double precision in a network of single"] = new(
            s => new TrainerOptions(s.Options)
            {
                Dataset = TrainingData.FromTensors(s.Data.to(ScalarType.Float64), s.Labels),
            },
            "The trunk cannot take an input of Float64 [8 × 4]"
        ),
        ["data of whole numbers"] = new(
            s => new TrainerOptions(s.Options)
            {
                Dataset = TrainingData.FromTensors(zeros(24, 4, dtype: ScalarType.Int64), s.Labels),
            },
            "The trunk cannot take an input of Int64 [8 × 4]"
        ),
        ["embeddings in three dimensions"] = new(
            s => Embedding(s, output => output.unsqueeze(2)),
            "Embeddings must have the shape (samples, size)",
            "3 dimensions",
            "flatten"
        ),
        ["embeddings in one dimension"] = new(
            s => Embedding(s, output => output.sum(1)),
            "Embeddings must have the shape (samples, size)",
            "1 dimensions"
        ),
        ["fewer embeddings than samples"] = new(
            s => Embedding(s, output => output[..4]),
            "from a batch of 8 samples",
            "must be 8"
        ),
        ["one number for the whole batch"] = new(s => Embedding(s, output => output.sum()), "must be 8"),
        ["a network that returns null"] = new(
            s => Embedding(s, _ => null!),
            "The embedder returned null",
            "must return a tensor"
        ),
        ["a loss without a gradient"] = new(
            s => Losing(s, (_, _) => tensor(1.0f)),
            "does not depend on any parameter that trains",
            "embeddings.sum() * 0"
        ),
        ["a loss of several numbers"] = new(
            s => Losing(s, (embeddings, _) => embeddings.sum(1)),
            "\"metric_loss\" has the shape",
            "one number"
        ),
        ["a loss that is null"] = new(s => Losing(s, (_, _) => null!), "\"metric_loss\" returned null", "one number"),
        ["more classes than ArcFace has"] = new(
            s => new TrainerOptions(s.Options) { LossFuncs = new() { MetricLoss = new ArcFaceLoss(2, 3) } },
            "classes 0 to 1",
            "Set SetMinLabelToZero, or give a larger numClasses"
        ),
        ["a class below zero"] = new(
            s => new TrainerOptions(s.Options)
            {
                LossFuncs = new() { MetricLoss = new ProxyAnchorLoss(4, 3) },
                Dataset = TrainingData.FromTensors(s.Data, [.. s.Labels.Select(label => label - 1)]),
            },
            "labels from -1"
        ),
        ["a tuple miner that returns null"] = new(s => Mining(s, _ => null!), "TupleMiner returned null", "Tuples.All"),
        ["a subset miner that returns null"] = new(
            s => Choosing(s, (_, _) => null!),
            "subset batch miner returned null",
            "int64"
        ),
        ["a subset miner of fractions"] = new(
            s => Choosing(s, (_, _) => zeros(3)),
            "vector of int64 indices",
            "\"tuple_miner\""
        ),
        ["a subset miner of a matrix"] = new(
            s => Choosing(s, (_, _) => zeros(3, 2, dtype: ScalarType.Int64)),
            "vector of int64 indices"
        ),
        ["a subset miner that chooses nothing"] = new(
            s => Choosing(s, (_, _) => zeros(0, dtype: ScalarType.Int64)),
            "at least one"
        ),
        ["a subset miner beyond the batch"] = new(
            s => Choosing(s, (_, _) => tensor([0L, 8L])),
            "outside the batch of 8 samples"
        ),
        ["a subset miner below zero"] = new(
            s => Choosing(s, (_, _) => tensor([-1L, 2L])),
            "outside the batch of 8 samples"
        ),
        ["one sample that is NaN"] = new(
            s => WithNumber(s, float.NaN),
            "The loss is not finite",
            "Nothing was changed",
            "NaN"
        ),
        ["one sample that is infinite"] = new(
            s => WithNumber(s, float.PositiveInfinity),
            "The loss is not finite",
            "infinite inputs"
        ),
        ["a loss that is NaN"] = new(
            s => Losing(s, (embeddings, _) => embeddings.sum() * float.NaN),
            "metric_loss = NaN",
            "learning rate"
        ),
    };

    public static TheoryData<string> Names => [.. Mistakes.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_step_fails(string mistake)
    {
        using var scenario = new Scenario();
        Refusing.AtStep<Exception>(Mistakes[mistake].Make(scenario), Mistakes[mistake].Words);
    }

    [Fact]
    public void A_tuple_miner_beyond_the_batch_is_an_error()
    {
        using var scenario = new Scenario();
        Refusing.AtStep<Exception>(
            Mining(scenario, _ => Tuples.NewPairs(tensor([0L]), tensor([99L]), tensor([0L]), tensor([1L]))),
            "99"
        );
    }
}
