namespace MetricLearning.Core.Records

open MetricLearning
open System

/// The best epoch of a run so far.
[<Struct>]
type Best =
    {
        /// Its number.
        Epoch: int
        /// The score it reached, never NaN.
        Score: double
    }

/// Which epoch was best, and how long ago. Larger scores are better; NaN is never best. Everything here is pure.
module Best =

    /// Whether a score is strictly better than the best so far.
    let isBetter (best: Best voption) (score: double) : bool =
        match best with
        | ValueNone -> not (Double.IsNaN score)
        | ValueSome best -> score > best.Score

    /// The best so far after an epoch.
    let observe (best: Best voption) (epoch: int) (score: double) : Best voption =
        if isBetter best score then
            ValueSome { Epoch = epoch; Score = score }
        else
            best

    /// The best of epochs and their scores, in order, the first of those that are equal; without those of `ignored` epochs.
    let ofHistory (ignored: int Set) (scores: struct (int * double) seq) : Best voption =
        (ValueNone, scores)
        ||> Seq.fold (fun best (struct (epoch, score)) ->
            if ignored.Contains epoch then
                best
            else
                observe best epoch score)

    /// Whether more than `patience` epochs have passed since the best one; never while there is none.
    let isPatienceOver (patience: int) (best: Best voption) (epoch: int) : bool =
        match best with
        | ValueNone -> false
        | ValueSome best -> epoch - best.Epoch > patience
