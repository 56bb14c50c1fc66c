namespace MetricLearning.Core

open TorchSharp
open MetricLearning

/// A run that is ready to start. States are values: any of them can be stepped, trained on or scored, as often as you like.
[<ReferenceEquality>]
type Run =
    {
        /// The trainer.
        Recipe: Recipe
        /// Its modules, optimizers and data.
        Handles: Handles
        /// Its first state.
        State: TrainingState
        /// Doubtful options, as sentences.
        Warnings: string list
        /// The checkpoints that a session of the run writes by itself; null for none.
        Checkpoints: CheckpointOptions | null
    }

/// <summary>Driving a run. No function changes the state that it is given, and the caller owns the state that it returns; states
/// in between are freed.</summary>
/// <example>
/// <code>
/// let fork = Run.steps run 100 run.State
/// let slow = fork |&gt; Run.withLearningRate "trunk_optimizer" 3e-4 |&gt; Run.steps run 150
/// </code>
/// </example>
module Run =

    /// The parts of the run, and the memory that its state takes.
    let summary (run: Run) : RunSummary =
        RunSummary.ofState run.Recipe run.Handles run.State

    /// One iteration.
    /// Raises what the iteration raised, the state being whole; InvalidOperationException when the state was freed.
    let step (run: Run) (state: TrainingState) : TrainingState =
        Iteration.step run.Recipe run.Handles state

    // Nobody else sees the states in between, so their memory is reused.
    let private advance
        (run: Run)
        (goesOn: TrainingState -> bool)
        (visit: TrainingState -> unit)
        (from: TrainingState)
        =
        let mutable state = from.Share()

        try
            while goesOn state do
                state <- Iteration.complete run.Recipe run.Handles Ownership.Given state
                visit state

            state
        with _ ->
            state.Dispose()
            reraise ()

    /// Folds over the states of `count` further iterations; returns the result and the last state. The folder borrows each
    /// state until it returns: `Share` the ones to keep.
    let fold
        (run: Run)
        (count: int)
        (folder: 'Result -> TrainingState -> 'Result)
        (result: 'Result)
        (state: TrainingState)
        : 'Result * TrainingState =
        let folded = ref result
        let last = state.Steps + int64 count

        let state =
            advance run (fun state -> state.Steps < last) (fun state -> folded.Value <- folder folded.Value state) state

        folded.Value, state

    /// `count` further iterations.
    let steps (run: Run) (count: int) (state: TrainingState) : TrainingState =
        fold run count (fun () _ -> ()) () state |> snd

    /// Trains to the end of an epoch, going on inside the state's epoch and pass.
    let train (run: Run) (lastEpoch: int) (state: TrainingState) : TrainingState =
        advance run (fun state -> (Progress.upcoming state.Progress).Epoch <= lastEpoch) ignore state

    /// The same state with another learning rate in all parameter groups of an optimizer.
    /// Raises ArgumentException without such an optimizer or for a rate that is negative or not finite.
    let withLearningRate (optimizerKey: string) (rate: float) (state: TrainingState) : TrainingState =
        state.WithLearningRate(optimizerKey, rate)

    /// The same state with another weight of a loss.
    /// Raises ArgumentException without such a loss, for a weight that is not finite, or where no weight is left above zero.
    let withLossWeight (loss: string) (weight: float) (state: TrainingState) : TrainingState =
        state.WithLossWeight(loss, weight)

    /// The same state with the averages of weights in the places of the weights, for `bind` and `score`, or to go on from.
    let averaged (state: TrainingState) : TrainingState = state.Averaged()

    /// Binds the networks and losses to the weights of a state; nothing is copied. The next step binds them to its own.
    /// Raises InvalidOperationException when the state was freed, ArgumentException when it is that of another run.
    let bind (run: Run) (state: TrainingState) : unit =
        Locks.holding run.Handles.Binding.Turns (fun () ->
            StateGuards.checkFits run.Handles state
            run.Handles.Binding.Bind state.Learned)

    /// The score of a state: a function of the networks, called while they are bound to the state, in evaluation mode and
    /// without gradients.
    let score (run: Run) (compute: unit -> 'Score) (state: TrainingState) : 'Score =
        Locks.drawing run.Handles.Binding.Turns (fun () ->
            bind run state
            use _ = torch.no_grad ()
            let found = ref None
            let modules = [ for handle in run.Handles.Modules -> handle.Module ]
            let seed = Progress.stepSeed "score" state.Progress
            Effects.whileAllEvaluating modules run.Handles.Device seed (fun () -> found.Value <- Some(compute ()))
            found.Value.Value)
