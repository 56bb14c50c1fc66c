namespace MetricLearning.Core

open System
open System.Runtime.CompilerServices
open MetricLearning

/// Networks with the averages of their weights, in the midst of a run.
[<AbstractClass; Sealed; Extension>]
type AveragedWeights private () =

    /// <summary>Runs an action while the run's networks and losses have the averages of their weights: testers, inference and what
    /// saves modules then use these. Afterwards, also when the action fails, they have the weights that they had, bit for bit; nothing
    /// of the run changes, as long as the action does not write into the modules. It cannot train. Meanwhile the modules belong to
    /// this thread. Before the first weights are averaged, the networks are as they are.</summary>
    /// <exception cref="System.InvalidOperationException">The run keeps no average.</exception>
    [<Extension>]
    static member WhileAveraged(session: Session, act: Func<'Result>) : 'Result =
        let handles = session.Handles
        let binding = handles.Binding
        ObjectDisposedException.ThrowIf(binding.IsDisposed, typeof<Session>)

        if handles.Averaging.IsNone then
            invalidOp "This run keeps no average of weights: set WeightAveraging in its options."

        Locks.holding binding.Turns (fun () ->
            if binding.ShowsAverages then
                act.Invoke()
            else
                use state = session.Take()

                // What was written into weights that modules show rounded would be lost with what they show.
                state.Learned.Groups
                |> Array.iteri (fun index group -> binding.TakeOver(index, group.Weights))

                use averaged = state.Averaged()

                try
                    binding.Bind averaged.Learned
                    binding.ShowsAverages <- true
                    act.Invoke()
                finally
                    binding.ShowsAverages <- false

                    // Of modules that were disposed there is nothing to bind, and another state may have been set.
                    if not binding.IsDisposed && StateGuards.isWhole handles then
                        use newest = session.Take()
                        binding.Bind newest.Learned)
