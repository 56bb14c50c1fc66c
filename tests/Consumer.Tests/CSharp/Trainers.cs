using MetricLearning.Tests.Training;
using TorchSharp;
using Xunit;

namespace PictureShop;

/// <summary>The pages trainers and states.</summary>
public sealed class Trainers
{
    [Fact]
    public void A_trainer_of_your_own_has_losses_of_its_own()
    {
        using var scenario = new Scenario();
        var options = new TrainerOptions(scenario.Options)
        {
            LossWeights = new() { MetricLoss = 1, ["length"] = 0.1 },
        };

        using var trainer = new CustomTrainer(
            options,
            step =>
            {
                var embeddings = step.Embeddings();
                var tuples = step.Mine(embeddings);
                return
                [
                    new("metric_loss", step.Loss("metric_loss", embeddings, tuples)),
                    new("length", (embeddings.norm(1) - 1).square().mean()),
                ];
            },
            "length"
        );

        trainer.Train(1);
        Assert.True(trainer.Losses["length"] > 0);
    }

    [Fact]
    public void One_schedule_moves_all_and_decay_and_momentum_move_too()
    {
        var schedules = new LrSchedulers
        {
            AllByIteration = Schedule.Linear(startFactor: 0.1, totalIters: 100).Then(Schedule.CosineAnnealing(900)),
        };

        var optimizer = PureOptimizer
            .AdamW(lr: 1e-3, weightDecay: 0.05)
            .WithWeightDecaySchedule(Schedule.CosineAnnealing(1000, etaMin: 0.01))
            .WithMomentumSchedule(Schedule.OneCycleMomentum(1000));

        using var scenario = new Scenario();
        using var trainer = new MetricLossOnly(
            new TrainerOptions(scenario.Options)
            {
                LrSchedulers = schedules,
                Optimizers = new() { Trunk = optimizer, Embedder = PureOptimizer.SGD(0.1) },
            }
        );

        Console.WriteLine(trainer.Summary());

        trainer.Step();
        var rates = trainer.State.LearningRates;
        Assert.Equal(1e-3 * (0.1 + 0.9 / 100), rates["trunk_optimizer"][0], 1e-12);
        Assert.Equal(0.1 * (0.1 + 0.9 / 100), rates["embedder_optimizer"][0], 1e-12);
    }

    [Fact]
    public void Networks_and_losses_are_moved_first()
    {
        using var scope = NewDisposeScope();
        var device = CPU;
        var data = TrainingData.FromTensors(rand(80, 64, generator: new Generator(1)), arange(80) % 10);

        var trunk = nn.Linear(64, 32).to(device);
        var loss = new ArcFaceLoss(numClasses: 10, embeddingSize: 32);
        loss.to(device);
        using var trainer = new MetricLossOnly(
            new TrainerOptions
            {
                Models = new() { Trunk = trunk },
                LossFuncs = new() { MetricLoss = loss },
                Optimizers = new() { Trunk = PureOptimizer.Adam(1e-3), MetricLoss = PureOptimizer.Adam(1e-2) },
                BatchSize = 32,
                Dataset = data,
                DataDevice = device,
            }
        );

        trainer.Train(1);
        Assert.True(trainer.Losses["metric_loss"] > 0);
    }

    [Fact]
    public void Options_are_copied_and_changed()
    {
        using var scenario = new Scenario();
        var options = scenario.Options;

        var other = new TrainerOptions(options) { Seed = 2 };

        Assert.Equal((5, 2), (options.Seed, other.Seed));
    }

    [Fact]
    public void A_trainer_of_your_own_has_two_halves()
    {
        using var scenario = new Scenario();
        var options = new TrainerOptions(scenario.Options)
        {
            LossWeights = new() { MetricLoss = 1, ["spread"] = 0.1 },
        };

        using var inHalves = new CustomTrainer(
            options,
            rows: batch => [batch.Trunk(), batch.Embeddings()],
            losses: whole =>
                [
                    new("metric_loss", whole.Loss("metric_loss", whole.Rows[1], whole.Mine(whole.Rows[1]))),
                    new("spread", whole.Rows[0].square().mean()),
                ],
            "spread"
        );

        inHalves.Train(1);
        Assert.True(inHalves.Losses["spread"] > 0);
    }

    [Fact]
    public void A_run_forks()
    {
        using var scenario = new Scenario();
        using var trainer = new MetricLossOnly(scenario.Options);

        trainer.Train(numEpochs: 1);
        using var fork = trainer.State;

        trainer.State = fork;
        trainer.Train(numEpochs: 3);
        var first = trainer.Losses["total_loss"];

        trainer.State = fork;
        trainer.Train(numEpochs: 3);
        var second = trainer.Losses["total_loss"];

        using var faster = fork.WithLearningRate("trunk_optimizer", 3e-3);
        trainer.State = faster;
        trainer.Train(numEpochs: 3);
        var other = trainer.Losses["total_loss"];

        Assert.Equal(first, second);
        Assert.NotEqual(first, other);
    }
}
