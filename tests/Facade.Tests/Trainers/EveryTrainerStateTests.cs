using Xunit;

namespace MetricLearning.Tests.Trainers;

/// <summary>States of each trainer, taken anywhere: at and across the borders of phases too.</summary>
public sealed class EveryTrainerStateTests
{
    private const int LastEpoch = 4;

    public static TheoryData<string> Names => AnyTrainer.Names;

    private static void Steps(BaseTrainer trainer, int count)
    {
        for (var step = 0; step < count; step++)
        {
            trainer.Step();
        }
    }

    private static string Whole(string name)
    {
        using var problem = new AnyTrainer(name);
        using var trainer = problem.Create();
        trainer.Train(LastEpoch);
        return problem.Weights();
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_fresh_trainer_goes_on_from_any_iteration(string name)
    {
        var whole = Whole(name);

        for (var steps = 1; steps <= 10; steps++)
        {
            using var problem = new AnyTrainer(name);
            using var trainer = problem.Create();
            Steps(trainer, steps);
            using var state = trainer.State;

            using var other = new AnyTrainer(name);
            using var successor = other.Create(new TrainerOptions(other.Options) { Seed = 77 });
            successor.State = state;
            successor.Train(LastEpoch);

            Assert.True(whole == other.Weights(), $"stopped after {steps} steps");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_fork_that_went_into_another_phase_changes_nothing_for_the_other(string name)
    {
        using var problem = new AnyTrainer(name);
        using var trainer = problem.Create();

        // Two steps before the end of an epoch, and so of a phase, and four steps beyond it.
        for (var epoch = 1; epoch <= 2; epoch++)
        {
            Steps(trainer, epoch == 1 ? 2 : 3);
            using var fork = trainer.State;
            Steps(trainer, 4);
            var one = problem.Weights();
            trainer.State = fork;
            Steps(trainer, 4);
            Assert.Equal(one, problem.Weights());
            trainer.State = fork;
        }

        trainer.Train(LastEpoch);
        Assert.Equal(Whole(name), problem.Weights());
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_failure_in_any_epoch_is_as_if_it_had_not_been(string name)
    {
        for (var failing = 1; failing <= 3; failing++)
        {
            using var problem = new AnyTrainer(name);
            var fails = true;
            BaseTrainer? running = null;
            using var trainer = problem.Create(
                new TrainerOptions(problem.Options)
                {
                    GradientClippers = new()
                    {
                        Trunk = () =>
                        {
                            // The trainer stands where the last iteration left it.
                            if (fails && running is { } t && t.Epoch == failing && t.Iteration == 1)
                            {
                                fails = false;
                                throw new IOException("out of luck");
                            }
                        },
                    },
                }
            );
            running = trainer;

            Assert.Throws<IOException>(() => trainer.Train(LastEpoch));
            Assert.Equal((failing, 1), (trainer.Epoch, trainer.Iteration));
            trainer.Train(LastEpoch);

            Assert.Equal(Whole(name), problem.Weights());
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_disposed_trainer_gives_modes_and_gradients_back_in_whatever_phase(string name)
    {
        for (var epochs = 1; epochs <= 3; epochs++)
        {
            using var problem = new AnyTrainer(name);
            problem.Options.Models["embedder"].eval();
            problem.Options.Models["trunk"].parameters().First().requires_grad = false;
            var witness = new BadInput.Witness(problem.Options);
            var trainer = problem.Create();
            trainer.Train(epochs);
            trainer.Dispose();

            witness.AssertModes();
        }
    }
}
