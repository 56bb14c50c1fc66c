using MetricLearning.Core;
using static TorchSharp.torch.optim.lr_scheduler;

namespace MetricLearning;

/// <summary>A learning-rate schedule of TorchSharp or of this library; both convert to it by themselves.</summary>
public sealed class AnySchedule
{
    internal ScheduleChoice Choice { get; }

    private AnySchedule(ScheduleChoice choice) => Choice = choice;

    /// <summary>TorchSharp's own scheduler. It cannot be rewound: states of such a run cannot be forked.</summary>
    public static implicit operator AnySchedule(LRScheduler scheduler) =>
        new(ScheduleChoice.NewTorch(scheduler ?? throw new ArgumentNullException(nameof(scheduler))));

    /// <summary>A schedule that is a value.</summary>
    public static implicit operator AnySchedule(Schedule schedule) =>
        new(ScheduleChoice.NewPure(schedule ?? throw new ArgumentNullException(nameof(schedule))));
}
