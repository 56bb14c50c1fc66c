namespace MetricLearning

open TorchSharp

/// The kinds of optimizers and schedules.
[<AutoOpen>]
module internal Choices =

    let (|ValueOptimizer|TorchOptimizer|) (optimizer: AnyOptimizer) : Choice<PureOptimizer, torch.optim.Optimizer> =
        match optimizer with
        | :? TorchOptimizer as torchs -> TorchOptimizer torchs.Optimizer
        | value -> ValueOptimizer(value :?> PureOptimizer)

    let (|ValueSchedule|TorchSchedule|)
        (schedule: AnySchedule)
        : Choice<Schedule, torch.optim.lr_scheduler.LRScheduler> =
        match schedule with
        | :? TorchSchedule as torchs -> TorchSchedule torchs.Scheduler
        | value -> ValueSchedule(value :?> Schedule)
