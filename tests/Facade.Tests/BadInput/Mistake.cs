using MetricLearning.Tests.Training;

namespace MetricLearning.Tests.BadInput;

/// <summary>Options with a mistake, and words that its message must have: what was wrong, and what to write instead.</summary>
internal sealed record Mistake(Func<Scenario, TrainerOptions> Make, params string[] Words);
