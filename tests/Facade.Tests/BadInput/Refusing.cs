using MetricLearning.Core;
using MetricLearning.Tests.Training;
using Xunit;
using static TorchSharp.torch;

namespace MetricLearning.Tests.BadInput;

/// <summary>Asserts that something is refused, in words, and that nothing is changed by it.</summary>
internal static class Refusing
{
    /// <summary>Construction is refused: the message has all the words, nothing is changed, no tensor is left over.</summary>
    public static SetupException AtSetup(TrainerOptions options, params string[] words) =>
        AtSetup(options, given => new MetricLossOnly(given), words);

    /// <summary>The same, of any trainer.</summary>
    public static SetupException AtSetup(
        TrainerOptions options,
        Func<TrainerOptions, BaseTrainer> construct,
        params string[] words
    )
    {
        var witness = new Witness(options);
        SetupException error = null!;

        Garbage.LeftAlone(() =>
        {
            var live = Tensor.TotalCount;
            error = Assert.Throws<SetupException>(() => construct(options));

            Assert.Equal(live, Tensor.TotalCount);
        });

        AssertWords(error, words);
        witness.AssertUnchanged();
        return error;
    }

    /// <summary>
    /// The action fails; weights, counts and losses are those before it, and the state can be taken and set.
    /// </summary>
    public static TException In<TException>(
        TrainerOptions options,
        BaseTrainer trainer,
        Action action,
        params string[] words
    )
        where TException : Exception
    {
        var witness = new Witness(options);
        var before = (trainer.Epoch, trainer.Iteration, trainer.GlobalIteration);
        var losses = trainer.Losses.ToArray();
        var error = Assert.ThrowsAny<TException>(action);

        AssertWords(error, words);
        witness.AssertUnchanged(modesToo: false);
        Assert.Equal(before, (trainer.Epoch, trainer.Iteration, trainer.GlobalIteration));
        Assert.Equal(losses, trainer.Losses);
        using var state = trainer.State;
        Assert.False(state.IsDisposed);
        return error;
    }

    /// <summary>
    /// A trainer can be made of the options, but its first step fails; disposed, it gives the networks back as they were.
    /// </summary>
    public static TException AtStep<TException>(TrainerOptions options, params string[] words)
        where TException : Exception => AtStep<TException>(options, given => new MetricLossOnly(given), words);

    /// <summary>The same, of any trainer.</summary>
    public static TException AtStep<TException>(
        TrainerOptions options,
        Func<TrainerOptions, BaseTrainer> construct,
        params string[] words
    )
        where TException : Exception
    {
        var witness = new Witness(options);
        TException error;

        using (var trainer = construct(options))
        {
            error = In<TException>(options, trainer, () => trainer.Step(), words);
            // Again, and by another way: the state is whole, so it fails alike.
            In<TException>(options, trainer, () => trainer.Train(1), words);
        }

        witness.AssertUnchanged();
        return error;
    }

    private static void AssertWords(Exception error, string[] words) =>
        Assert.All(
            words,
            word =>
                Assert.True(
                    error.Message.Contains(word, StringComparison.Ordinal),
                    $"\"{word}\" is not in this {error.GetType().Name}: {error}"
                )
        );
}
