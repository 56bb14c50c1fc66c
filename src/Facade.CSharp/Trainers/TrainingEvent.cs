namespace MetricLearning;

/// <summary>Something that happened in training, in the order in which it happened.</summary>
public sealed class TrainingEvent
{
    private readonly BaseTrainer trainer;

    internal TrainingEvent(string name, BaseTrainer trainer)
    {
        Name = name;
        this.trainer = trainer;
        Epoch = trainer.Epoch;
        Iteration = trainer.Iteration;
    }

    /// <summary>
    /// <c>backward</c>, <c>clip:KEY</c>, <c>step:KEY</c> (optimizers and schedules), <c>skip</c> (instead of clippers and optimizers,
    /// where gradients overflow in float16), <c>end_of_iteration_hook</c> or <c>end_of_epoch_hook</c>.
    /// </summary>
    public string Name { get; }

    /// <summary>The epoch in which it happened, from 1.</summary>
    public int Epoch { get; }

    /// <summary>The iteration in which it happened, from 0 in every epoch.</summary>
    public int Iteration { get; }

    /// <summary>
    /// The state that it led to; yours, so dispose it. Ask before the next event: events of one iteration share the state
    /// after it. Each call makes a new value.
    /// </summary>
    public TrainingState State => trainer.State;

    /// <summary>The name.</summary>
    public override string ToString() => Name;
}
