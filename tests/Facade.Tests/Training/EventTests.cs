using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace MetricLearning.Tests.Training;

public sealed class EventTests
{
    private static TrainerOptions WithEverything(Scenario scenario) =>
        new TrainerOptions(scenario.Options)
        {
            LrSchedulers = new()
            {
                TrunkByIteration = optim.lr_scheduler.StepLR(scenario.TrunkOptimizer, 4, 0.5),
                EmbedderByEpoch = optim.lr_scheduler.ExponentialLR(scenario.EmbedderOptimizer, 0.5),
                TrunkByPlateau = optim.lr_scheduler.ReduceLROnPlateau(scenario.TrunkOptimizer, "max", 0.5, patience: 0),
            },
            GradientClippers = new() { Trunk = () => { }, Embedder = () => { } },
        };

    private static string[] Iteration =>
        [
            "backward",
            "clip:trunk_grad_clipper",
            "clip:embedder_grad_clipper",
            "step:trunk_optimizer",
            "step:embedder_optimizer",
            "end_of_iteration_hook",
            "step:trunk_scheduler_by_iteration",
        ];

    private static string[] Epoch =>
        [.. Iteration, .. Iteration, .. Iteration, "step:embedder_scheduler_by_epoch", "end_of_epoch_hook"];

    [Fact]
    public void Events_come_in_the_documented_order()
    {
        using var scenario = new Scenario();
        using var trainer = new MetricLossOnly(WithEverything(scenario));

        var events = trainer.Events(2).ToArray();

        Assert.Equal([.. Epoch, .. Epoch], events.Select(happened => happened.Name));
        Assert.Equal(
            Enumerable.Repeat(1, Epoch.Length).Concat(Enumerable.Repeat(2, Epoch.Length)),
            events.Select(e => e.Epoch)
        );
        Assert.Equal([0, 1, 2, 0, 1, 2], events.Where(e => e.Name == "backward").Select(e => e.Iteration));
    }

    [Fact]
    public void Scores_move_the_plateau_schedules_after_the_epoch_hook()
    {
        using var scenario = new Scenario();
        var scores = new Queue<double>([0.5, 0.4, 0.4]);
        var rates = new List<double>();
        using var trainer = new MetricLossOnly(
            new TrainerOptions(WithEverything(scenario))
            {
                LrSchedulers = new()
                {
                    TrunkByPlateau = optim.lr_scheduler.ReduceLROnPlateau(
                        scenario.TrunkOptimizer,
                        "max",
                        0.5,
                        patience: 0
                    ),
                },
                EndOfEpochHook = t =>
                {
                    t.StepLrPlateauSchedulers(scores.Dequeue());
                    rates.Add(t.LearningRates["trunk_optimizer"].Single());
                    return null;
                },
            }
        );

        var events = trainer.Events(3).Select(happened => happened.Name).ToArray();

        Assert.Equal("step:trunk_scheduler_by_plateau", events[^1]);
        Assert.Equal("end_of_epoch_hook", events[^2]);
        Assert.Equal(3, events.Count(name => name == "step:trunk_scheduler_by_plateau"));
        Assert.Equal([0.1, 0.05, 0.025], rates);
        Assert.Equal(0.025, scenario.TrunkOptimizer.ParamGroups.Single().LearningRate);
    }

    [Fact]
    public void Schedules_move_the_rates_at_their_times()
    {
        using var scenario = new Scenario();
        var trunk = new List<double>();
        var embedder = new List<double>();
        using var trainer = new MetricLossOnly(
            new TrainerOptions(WithEverything(scenario))
            {
                EndOfIterationHook = t =>
                {
                    trunk.Add(t.LearningRates["trunk_optimizer"].Single());
                    embedder.Add(t.LearningRates["embedder_optimizer"].Single());
                },
            }
        );

        trainer.Train(3);

        Assert.Equal([0.1, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.05, 0.025], trunk);
        Assert.Equal([0.01, 0.01, 0.01, 0.005, 0.005, 0.005, 0.0025, 0.0025, 0.0025], embedder);
    }

    [Fact]
    public void Training_stepping_and_streaming_are_the_same_run()
    {
        using var trained = new Scenario();
        using var stepped = new Scenario();
        using var streamed = new Scenario();
        using var one = new MetricLossOnly(WithEverything(trained));
        using var two = new MetricLossOnly(WithEverything(stepped));
        using var three = new MetricLossOnly(WithEverything(streamed));

        one.Train(3);
        var steps = Enumerable.Range(0, 9).SelectMany(_ => two.Step()).Select(happened => happened.Name).ToArray();
        var stream = three.Events(3).Select(happened => happened.Name).ToArray();

        Assert.Equal(stream, steps);
        Assert.Equal(trained.Weights(), stepped.Weights());
        Assert.Equal(trained.Weights(), streamed.Weights());
        Assert.Equal(one.Losses, two.Losses);
        Assert.Equal(one.EpochLosses, three.EpochLosses);
        Assert.Equal((3, 2, 8L), (two.Epoch, two.Iteration, two.GlobalIteration));
    }

    [Fact]
    public void Training_happens_as_its_events_are_asked_for()
    {
        using var scenario = new Scenario();
        using var trainer = new MetricLossOnly(scenario.Options);
        var before = scenario.Weights();

        var events = trainer.Events(1);
        Assert.Equal(before, scenario.Weights());
        using (var stream = events.GetEnumerator())
        {
            Assert.True(stream.MoveNext());
            Assert.Equal("backward", stream.Current.ToString());
            Assert.NotEqual(before, scenario.Weights());
        }

        trainer.Train(1);
        Assert.Equal((1, 2), (trainer.Epoch, trainer.Iteration));
    }

    [Fact]
    public void An_event_has_the_state_that_it_led_to()
    {
        using var scenario = new Scenario();
        using var trainer = new MetricLossOnly(scenario.Options);
        var steps = new List<long>();

        foreach (var happened in trainer.Events(1))
        {
            using var state = happened.State;
            steps.Add(state.Steps);
            Assert.Equal(trainer.Losses, state.Losses);
        }

        Assert.Equal([1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 3], steps);
    }

    [Fact]
    public void Clippers_see_the_gradients_before_the_optimizers_use_them()
    {
        using var scenario = new Scenario();
        var trunk = scenario.Trunk.parameters().ToArray();
        using var trainer = new MetricLossOnly(
            new TrainerOptions(scenario.Options)
            {
                GradientClippers = new()
                {
                    Trunk = () =>
                    {
                        foreach (var parameter in trunk)
                        {
                            parameter.grad!.zero_();
                        }
                    },
                },
            }
        );
        var before = trunk.Select(parameter => parameter.data<float>().ToArray()).ToArray();
        var embedder = scenario.Embedder.parameters().First().data<float>().ToArray();

        trainer.Step();

        Assert.Equal(before, trunk.Select(parameter => parameter.data<float>().ToArray()));
        Assert.NotEqual(embedder, scenario.Embedder.parameters().First().data<float>().ToArray());
    }
}
