namespace MetricLearning

open System
open TorchSharp

/// <summary>A learning-rate schedule of this library (<see cref="Schedule"/>) or of TorchSharp.</summary>
[<AbstractClass>]
type AnySchedule internal () =

    /// <summary>TorchSharp's own scheduler. It cannot be rewound: states of such a run cannot be forked.</summary>
    static member Torch(scheduler: torch.optim.lr_scheduler.LRScheduler) : AnySchedule =
        ArgumentNullException.ThrowIfNull(scheduler, nameof scheduler)
        TorchSchedule scheduler

    /// <summary>TorchSharp's own scheduler. It cannot be rewound: states of such a run cannot be forked.</summary>
    static member op_Implicit(scheduler: torch.optim.lr_scheduler.LRScheduler) : AnySchedule =
        AnySchedule.Torch scheduler

and [<Sealed>] internal TorchSchedule(scheduler: torch.optim.lr_scheduler.LRScheduler) =
    inherit AnySchedule()
    member _.Scheduler = scheduler
