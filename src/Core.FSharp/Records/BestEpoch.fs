namespace MetricLearning

open System

/// The best epoch of a run.
[<Struct; NoComparison>]
type BestEpoch =
    {
        /// Its number.
        Epoch: int
        /// Its primary metric, never NaN.
        Accuracy: double
    }

/// Finds the best epoch by a score that improves in one direction. NaN is never best. Everything here is pure.
module internal BestEpoch =

    /// True if a score is strictly better than the best so far.
    let isBetter (mode: PlateauMode) (best: BestEpoch voption) (score: double) : bool =
        match best with
        | ValueNone -> not (Double.IsNaN score)
        | ValueSome best when mode = PlateauMode.Min -> score < best.Accuracy
        | ValueSome best -> score > best.Accuracy

    /// The best so far after an epoch.
    let observe (mode: PlateauMode) (best: BestEpoch voption) (epoch: int) (score: double) : BestEpoch voption =
        if isBetter mode best score then
            ValueSome { Epoch = epoch; Accuracy = score }
        else
            best

    /// The best of epochs and their scores, in order, the first of equal ones; without `ignored` epochs.
    let ofHistory (mode: PlateauMode) (ignored: int Set) (scores: struct (int * double) seq) : BestEpoch voption =
        (ValueNone, scores)
        ||> Seq.fold (fun best (struct (epoch, score)) ->
            if ignored.Contains epoch then
                best
            else
                observe mode best epoch score)

    /// True if more than `patience` epochs have passed since the best one; never while there is none.
    let isPatienceOver (patience: int) (best: BestEpoch voption) (epoch: int) : bool =
        match best with
        | ValueNone -> false
        | ValueSome best -> epoch - best.Epoch > patience
