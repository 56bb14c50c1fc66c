using MetricLearning.Tests.Training;
using Xunit;
using static TorchSharp.torch;

namespace MetricLearning.Tests.Trainers;

/// <summary>What DeepAdversarialMetricLearning does with the losses, weights and miners it is given.</summary>
public sealed class AdversarialPartsTests
{
    private const string Name = nameof(DeepAdversarialMetricLearning);

    [Fact]
    public void The_caller_s_adversarial_loss_is_only_read()
    {
        using var problem = new AnyTrainer(Name);
        using var again = new AnyTrainer(Name);
        var loss = (TripletMarginLoss)problem.Options.LossFuncs.GAdvLoss!;
        var (distance, reducer) = (loss.Distance, loss.Reducer);
        var embeddings = randn(8, 4);
        var labels = arange(8) % 2;
        var before = loss.Compute(embeddings, labels).item<float>();
        again.Options.LossFuncs.GAdvLoss = loss;

        // A second trainer over the same loss finds it as the first did.
        foreach (var one in new[] { problem, again })
        {
            using var trainer = one.Create();
            trainer.Train(3);
        }

        Assert.Equal((distance, reducer), (loss.Distance, loss.Reducer));
        Assert.Equal(before, loss.Compute(embeddings, labels).item<float>());
        Assert.Equal(problem.Weights(), again.Weights());
    }

    [Fact]
    public void Given_weights_are_those_of_the_phase_and_stay_the_caller_s()
    {
        using var problem = new AnyTrainer(Name);
        LossWeights given = new()
        {
            MetricLoss = 1,
            ClassifierLoss = 2,
            SynthLoss = 3,
            GAdvLoss = 4,
            GHardLoss = 5,
            GRegLoss = 6,
        };
        var copy = given.ToArray();
        var seen = new List<string>();
        using var trainer = problem.Create(
            new TrainerOptions(problem.Options)
            {
                LossWeights = given,
                EndOfEpochHook = t =>
                {
                    seen.Add(string.Join(" ", t.LossWeights.OrderBy(entry => entry.Key).Select(entry => entry.Value)));
                    return true;
                },
            }
        );

        trainer.Train(3);

        // classifier, g_adv, g_hard, g_reg, metric, synth
        Assert.Equal(["2 0 0 0 1 0", "0 4 5 6 0 0", "2 4 5 6 1 3"], seen);
        Assert.Equal(copy, given);
    }

    [Fact]
    public void A_miner_may_choose_the_generator_s_triplets()
    {
        using var problem = new AnyTrainer(Name);
        var calls = 0;
        using var trainer = problem.Create(
            new TrainerOptions(problem.Options)
            {
                MiningFuncs = new()
                {
                    GTripletMiner = new Made.TupleMiner(input =>
                    {
                        calls++;
                        // Of features, not of embeddings.
                        Assert.Equal(6, input.Embeddings.size(1));
                        return Tuples.All;
                    }),
                },
            }
        );

        trainer.Train(3);

        Assert.Equal(6, calls);
    }
}
