namespace MetricLearning.Core

open System
open System.Collections.Generic
open TorchSharp
open MetricLearning

/// Warnings of mistakes that show only in training, said once each.
[<Sealed>]
type internal Doubts(schema: Schema, handles: Handles) =
    let pairs = PairWatch(schema, handles)
    let told = HashSet<string>()
    let mutable hasPair = true

    /// Told each doubt, as a sentence; null for nobody.
    member val Told: Action<string> | null = null with get, set

    member private this.Tell(doubt: string) =
        match this.Told with
        | null -> ()
        | act when told.Add doubt -> act.Invoke doubt
        | _ -> ()

    /// Looks at the labels of the batch of an iteration.
    member _.Look(labels: torch.Tensor) : unit = hasPair <- pairs.HasPair labels

    /// After the iteration on that batch, which was the one at the cursor.
    member this.AfterIteration(cursor: Cursor, outcome: Outcome) : unit =
        pairs.After(outcome.Plan, cursor.Taken = 0L, hasPair, outcome.PassIsOver)
        |> Option.iter this.Tell

    /// Of a state without an average in a run that should have one.
    member this.OfAverage(state: TrainingState) : unit =
        if
            state.WeightsAveraged = 0L
            && AverageGuards.shouldHaveBegun handles state.Progress
        then
            this.Tell
                $"The state after {state.Steps} iterations has no average of weights: it is that of a run without WeightAveraging. The average begins with the next weights that it takes."

    /// Of plateau schedules that are moved by a score of this name, which improves in this direction.
    member this.OfDirection(score: string, mode: PlateauMode) : unit =
        PlateauDoubts.ofDirection score mode handles |> List.iter this.Tell

    /// Of plateau schedules that are moved by this score.
    member this.OfScore(score: float, progress: Progress) : unit =
        PlateauDoubts.ofLosses score progress handles |> List.iter this.Tell
