namespace MetricLearning.Core

open System
open System.Runtime.CompilerServices
open System.Runtime.InteropServices
open System.Threading
open MetricLearning

/// Finding learning rates for runs.
[<AbstractClass; Sealed; Extension>]
type LearningRateSearches private () =

    static let search
        recipe
        (handles: Handles)
        (state: TrainingState)
        (search: LearningRateSearch | null)
        token
        : LearningRateCurve =
        ObjectDisposedException.ThrowIf(handles.Binding.IsDisposed, typeof<Session>)

        try
            let search = search |> Option.ofObj |> Option.defaultWith LearningRateSearch
            LearningRateFinder.find recipe handles search token state
        finally
            if StateGuards.isWhole handles then
                handles.Binding.Bind state.Learned

    /// <summary>The losses of a fork of a state at rising learning rates. The state stays as it is, and so do modes, gradients and the
    /// rates of TorchSharp's optimizers; modules are bound to the state.</summary>
    /// <exception cref="System.ArgumentException">An optimizer that does not exist; rates that do not rise.</exception>
    /// <exception cref="System.InvalidOperationException">There is no optimizer, or one that cannot be forked.</exception>
    static member Find
        (
            run: Run,
            state: TrainingState,
            [<Optional; DefaultParameterValue(null: LearningRateSearch | null)>] options: LearningRateSearch | null,
            [<Optional>] token: CancellationToken
        ) : LearningRateCurve =
        search run.Recipe run.Handles state options token

    /// <summary>The same on a fork of a session's newest state. The session goes on as if nothing had been; a hook may call this,
    /// too.</summary>
    /// <exception cref="System.ArgumentException">An optimizer that does not exist; rates that do not rise.</exception>
    /// <exception cref="System.InvalidOperationException">There is no optimizer, or one that cannot be forked.</exception>
    [<Extension>]
    static member FindLearningRate
        (
            session: Session,
            [<Optional; DefaultParameterValue(null: LearningRateSearch | null)>] options: LearningRateSearch | null,
            [<Optional>] token: CancellationToken
        ) : LearningRateCurve =
        use state = session.Take()
        search session.Recipe session.Handles state options token
