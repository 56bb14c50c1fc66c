using MetricLearning.Core;
using Xunit;
using static TorchSharp.torch;

namespace MetricLearning.Tests.Training;

/// <summary>A custom function gives inputs to networks itself: two views of every sample through one trunk.</summary>
public class TwoViewTests
{
    private static TrainerOptions Options(nn.Module loss)
    {
        manual_seed(1);
        var trunk = nn.Linear(6, 4);
        var samples = randn(40, 6).DetachFromDisposeScope();
        var views = (samples + 0.1 * randn(40, 6)).DetachFromDisposeScope();

        return new()
        {
            Models = new() { Trunk = trunk },
            Optimizers = new() { Trunk = PureOptimizer.SGD(0.05) },
            LossFuncs = new() { MetricLoss = loss },
            Dataset = TrainingData.FromTensors([samples, views], Enumerable.Range(0, 40).ToArray()),
            BatchSize = 20,
            DataloaderNumWorkers = 0,
            Seed = 1,
        };
    }

    public static TheoryData<string> Losses => ["SelfSupervisedLoss", "VICRegLoss", "ContrastiveLoss"];

    private static Loss Named(string loss) =>
        loss switch
        {
            "SelfSupervisedLoss" => new SelfSupervisedLoss(new NTXentLoss()),
            "VICRegLoss" => new VICRegLoss(),
            _ => new ContrastiveLoss(),
        };

    [Theory]
    [MemberData(nameof(Losses))]
    public void Two_views_train_in_one_function_and_in_two_halves(string name)
    {
        using var whole = new CustomTrainer(
            Options(Named(name)),
            step =>
                [
                    new(
                        "metric_loss",
                        step.Loss(
                            "metric_loss",
                            step.Through("trunk", step.Data[0]),
                            step.Through("trunk", step.Data[1])
                        )
                    ),
                ]
        );
        using var halves = new CustomTrainer(
            Options(Named(name)),
            rows => [rows.Through("trunk", rows.Data[0]), rows.Through("trunk", rows.Data[1])],
            all => [new("metric_loss", all.Loss("metric_loss", all.Rows[0], all.Rows[1]))]
        );
        whole.Step();
        halves.Step();
        var first = whole.Losses["metric_loss"];
        Assert.True(first > 0);
        Assert.Equal(first, halves.Losses["metric_loss"]);
        whole.Train(10);
        Assert.True(whole.Losses["metric_loss"] < first);
    }

    [Fact]
    public void A_trunk_of_one_input_is_not_called_on_two()
    {
        using var trainer = new CustomTrainer(
            Options(new ContrastiveLoss()),
            step => [new("metric_loss", step.Loss("metric_loss", step.Embeddings()))]
        );
        var error = Assert.Throws<PartException>(() => trainer.Step());
        Assert.Contains("Through(\"trunk\", …)", error.Message);
    }
}
