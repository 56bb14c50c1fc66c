namespace MetricLearning.Tests.BadInput;

/// <summary>A trainer&#39;s options with a mistake, and words that its message must have.</summary>
internal sealed record TrainerMistake(
    string Trainer,
    Func<TrainerOptions, TrainerOptions> Change,
    string[] Words,
    Func<TrainerOptions, BaseTrainer>? Construct = null
)
{
    /// <summary>Construction is refused in these words, by the trainer&#39;s name.</summary>
    public void AssertRefused()
    {
        using var problem = new Trainers.AnyTrainer(Trainer);
        var error = Refusing.AtSetup(Change(problem.Options), Construct ?? problem.Create, Words);
        Xunit.Assert.StartsWith($"{Trainer} cannot be set up", error.Message, StringComparison.Ordinal);
    }
}
