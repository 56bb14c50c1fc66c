using MetricLearning.Core;
using MetricLearning.Tests.Training;
using Xunit;
using static TorchSharp.torch;

namespace MetricLearning.Tests.BadInput;

public sealed class NullArguments
{
    private static readonly Dictionary<string, Action<Scenario>> Calls = new()
    {
        ["trainer options"] = _ => new MetricLossOnly(null!),
        ["Models"] = s => new MetricLossOnly(new TrainerOptions(s.Options) { Models = null! }),
        ["Optimizers"] = s => new MetricLossOnly(new TrainerOptions(s.Options) { Optimizers = null! }),
        ["LossFuncs"] = s => new MetricLossOnly(new TrainerOptions(s.Options) { LossFuncs = null! }),
        ["Dataset"] = s => new MetricLossOnly(new TrainerOptions(s.Options) { Dataset = null! }),
        ["custom options"] = _ => new CustomTrainer(null!, _ => []),
        ["custom Models"] = s => new CustomTrainer(new TrainerOptions(s.Options) { Models = null! }, _ => []),
        ["custom losses"] = s => new CustomTrainer(s.Options, null!),
        ["custom names"] = s => new CustomTrainer(s.Options, _ => [], lossNames: null!),
        ["data"] = s => TrainingData.FromTensors((Tensor)null!, s.Labels),
        ["labels"] = s => TrainingData.FromTensors(s.Data, (IReadOnlyList<long>)null!),
        ["a tensor of labels"] = s => TrainingData.FromTensors(s.Data, (Tensor)null!),
        ["a distance to search by"] = _ => new CustomKNN(null!),
        ["one of several inputs"] = s => TrainingData.FromTensors([s.Data, null!], s.Labels),
        ["data set"] = _ => TrainingData.FromDataset<(Tensor, long)>(null!),
        ["samples"] = _ => TrainingData.FromSamples<(Tensor, long)>(null!),
        ["sample function"] = _ => TrainingData.FromSamples<(Tensor, long)>(3, null!),
        ["optimizer"] = _ => Ignore((AnyOptimizer)(optim.Optimizer)null!),
        ["schedule"] = _ => Ignore((AnySchedule)(optim.lr_scheduler.LRScheduler)null!),
        ["indices"] = _ => AnySampler.Indices(null!),
        ["batches"] = _ => AnySampler.Batches(null!),
        ["state"] = s =>
        {
            using var trainer = new MetricLossOnly(s.Options);
            trainer.State = null!;
        },
        ["entries"] = _ => Ignore(new Models(null!)),
    };

    private static void Ignore(object value) => GC.KeepAlive(value);

    public static TheoryData<string> Names => [.. Calls.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Null_is_an_ArgumentNullException(string what)
    {
        using var scenario = new Scenario();
        var weights = scenario.Weights();
        var error = Assert.Throws<ArgumentNullException>(() => Calls[what](scenario));
        Assert.False(string.IsNullOrEmpty(error.ParamName));
        Assert.Equal(weights, scenario.Weights());
    }

    [Theory]
    [InlineData("null")]
    [InlineData("a null loss")]
    [InlineData("no loss")]
    [InlineData("an unknown loss")]
    [InlineData("an unknown loss function")]
    [InlineData("an unknown network")]
    public void What_a_custom_trainer_returns_is_checked(string what)
    {
        using var scenario = new Scenario();
        using var trainer = new CustomTrainer(
            scenario.Options,
            context =>
                what switch
                {
                    "null" => null!,
                    "a null loss" => [new("metric_loss", null!)],
                    "no loss" => [],
                    "an unknown loss" => [new("my_loss", context.Embeddings().sum())],
                    "an unknown loss function" => [new("metric_loss", context.Loss("my_loss", context.Embeddings()))],
                    _ => [new("metric_loss", context.Through("head", context.Trunk()).sum())],
                }
        );

        var words = what switch
        {
            "null" => "returned null",
            "a null loss" => "\"metric_loss\" is null",
            "no loss" => "This iteration has no loss",
            "an unknown loss" => "\"my_loss\" is no loss of this trainer",
            "an unknown loss function" => "There is no loss function \"my_loss\"",
            _ => "There is no network \"head\"",
        };
        Refusing.In<Exception>(scenario.Options, trainer, () => trainer.Step(), words);
    }
}
