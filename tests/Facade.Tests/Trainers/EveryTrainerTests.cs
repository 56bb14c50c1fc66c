using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace MetricLearning.Tests.Trainers;

/// <summary>What every trainer takes from BaseTrainer, in each of them and in every phase.</summary>
public sealed class EveryTrainerTests
{
    public static TheoryData<string> Names => AnyTrainer.Names;

    private static string After(
        string name,
        Action<BaseTrainer> train,
        Func<TrainerOptions, TrainerOptions>? with = null
    )
    {
        using var problem = new AnyTrainer(name);
        using var trainer = problem.Create((with ?? (options => options))(problem.Options));
        train(trainer);
        return problem.Weights();
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Train_steps_and_events_are_one_training(string name)
    {
        var trained = After(name, trainer => trainer.Train(4));
        var stepped = After(
            name,
            trainer =>
            {
                for (var step = 0; step < 12; step++)
                {
                    trainer.Step();
                }
            }
        );
        var streamed = After(name, trainer => Assert.Equal(12, trainer.Events(4).Count(e => e.Name == "backward")));

        Assert.NotEqual(After(name, _ => { }), trained);
        Assert.Equal(trained, stepped);
        Assert.Equal(trained, streamed);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Hooks_see_every_iteration_and_the_total_is_the_sum(string name)
    {
        using var problem = new AnyTrainer(name);
        var iterations = new List<(int, int)>();
        var epochs = new List<int>();
        using var trainer = problem.Create(
            new TrainerOptions(problem.Options)
            {
                EndOfIterationHook = t =>
                {
                    iterations.Add((t.Epoch, t.Iteration));
                    var terms = t.Losses.Where(loss => loss.Key != "total_loss").ToArray();
                    Assert.Equal(t.LossWeights.Keys.Order(), terms.Select(loss => loss.Key).Order());
                    Assert.Equal(1, t.Losses["total_loss"] / terms.Sum(loss => loss.Value), 1e-6);
                    Assert.All(
                        terms,
                        loss =>
                            Assert.True(t.LossWeights[loss.Key] > 0 || loss.Value == 0, $"{loss} counts for nothing")
                    );
                },
                EndOfEpochHook = t =>
                {
                    epochs.Add(t.Epoch);
                    return t.Epoch < 4;
                },
            }
        );

        trainer.Train(9);

        Assert.Equal([1, 2, 3, 4], epochs);
        Assert.Equal([.. epochs.SelectMany(epoch => new[] { (epoch, 0), (epoch, 1), (epoch, 2) })], iterations);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Schedules_move_at_their_times_in_every_phase(string name)
    {
        using var problem = new AnyTrainer(name);
        var last = problem.Last;
        using var trainer = problem.Create(
            new TrainerOptions(problem.Options)
            {
                LrSchedulers = new()
                {
                    TrunkByIteration = Schedule.Exponential(0.9),
                    [$"{last}_scheduler_by_epoch"] = Schedule.Step(1, 0.5),
                    [$"{last}_scheduler_by_plateau"] = Schedule.ReduceOnPlateau(factor: 0.1, patience: 0),
                },
                EndOfEpochHook = t =>
                {
                    t.StepLrPlateauSchedulers(1);
                    return true;
                },
            }
        );

        trainer.Train(3);

        Assert.Equal(0.02 * Math.Pow(0.9, 9), trainer.LearningRates["trunk_optimizer"].Single(), 1e-12);
        // The first score is the best; each of the other two is worse than none.
        Assert.Equal(0.02 * Math.Pow(0.5, 3) * 0.01, trainer.LearningRates[$"{last}_optimizer"].Single(), 1e-12);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Clippers_are_called_in_every_iteration_between_backward_and_the_optimizers(string name)
    {
        using var problem = new AnyTrainer(name);
        var calls = new Dictionary<string, int>();
        var clippers = new GradientClippers();

        foreach (var (key, network) in problem.Learning)
        {
            calls[key] = 0;
            clippers[$"{key}_grad_clipper"] = () =>
            {
                calls[key]++;

                foreach (var parameter in network.parameters())
                {
                    parameter.grad?.zero_();
                }
            };
        }

        var before = problem.Learning.ToDictionary(
            entry => entry.Key,
            entry => entry.Value.parameters().Select(parameter => parameter.detach().clone()).ToArray()
        );
        using var trainer = problem.Create(new TrainerOptions(problem.Options) { GradientClippers = clippers });
        trainer.Train(3);

        Assert.All(calls, call => Assert.Equal(9, call.Value));
        // Clipped to nothing, Adam does not move a weight.
        Assert.All(
            problem.Learning,
            entry =>
                Assert.All(
                    entry.Value.parameters().Zip(before[entry.Key]),
                    pair => Assert.Equal(pair.Second.data<float>().ToArray(), pair.First.data<float>().ToArray())
                )
        );
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Whatever_is_frozen_stays_in_every_phase_and_the_rest_moves(string name)
    {
        using var keys = new AnyTrainer(name);
        var learning = keys
            .Learning.Concat(keys.Options.LossFuncs)
            .Where(entry => entry.Value.parameters().Any() && entry.Key != "generator")
            .Select(entry => entry.Key)
            .ToArray();

        foreach (var frozen in learning)
        {
            using var problem = new AnyTrainer(name);
            var before = learning.ToDictionary(key => key, problem.WeightsOf);
            using var trainer = problem.Create(new TrainerOptions(problem.Options) { FreezeThese = [frozen] });
            trainer.Train(4);

            Assert.All(learning, key => Assert.Equal(key == frozen, before[key] == problem.WeightsOf(key)));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_level_of_the_labels_is_trained_on(string name)
    {
        string Train(Func<AnyTrainer, TrainerOptions> with)
        {
            using var problem = new AnyTrainer(name);
            using var trainer = problem.Create(with(problem));
            trainer.Train(3);
            return problem.Weights();
        }

        Tensor Columns(AnyTrainer problem) => stack([zeros(24, dtype: ScalarType.Int64), tensor(problem.Labels)], 1);

        Assert.Equal(
            Train(problem => problem.Options),
            Train(problem => new TrainerOptions(problem.Options)
            {
                Dataset = problem.DatasetOf(Columns(problem)),
                LabelHierarchyLevel = 1,
            })
        );
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Training_can_start_in_any_epoch(string name)
    {
        for (var start = 1; start <= 4; start++)
        {
            using var problem = new AnyTrainer(name);
            var seen = new List<(int Epoch, string Counting)>();
            using var trainer = problem.Create(
                new TrainerOptions(problem.Options)
                {
                    EndOfEpochHook = t =>
                    {
                        seen.Add((t.Epoch, Counting(t)));
                        return true;
                    },
                }
            );

            trainer.Train(4, startEpoch: start);

            Assert.Equal(Enumerable.Range(start, 5 - start), seen.Select(epoch => epoch.Epoch));
            Assert.All(seen, epoch => Assert.Equal(CountingIn(name, epoch.Epoch), epoch.Counting));
        }

        static string Counting(BaseTrainer trainer) =>
            string.Join(
                " ",
                trainer.LossWeights.Where(weight => weight.Value > 0).Select(weight => weight.Key).Order()
            );
    }

    private static string CountingIn(string name, int epoch) =>
        (name, epoch) switch
        {
            (nameof(TrainWithClassifier), _) => "classifier_loss metric_loss",
            (nameof(CascadedEmbeddings), _) => "classifier_loss_1 metric_loss_0 metric_loss_1",
            (nameof(DeepAdversarialMetricLearning), 1) => "classifier_loss metric_loss",
            (nameof(DeepAdversarialMetricLearning), 2) => "g_adv_loss g_hard_loss g_reg_loss",
            (nameof(DeepAdversarialMetricLearning), _) =>
                "classifier_loss g_adv_loss g_hard_loss g_reg_loss metric_loss synth_loss",
            _ => "metric_loss",
        };
}
