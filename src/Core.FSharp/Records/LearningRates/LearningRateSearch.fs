namespace MetricLearning

open System
open System.Collections.Generic
open MetricLearning.Core
open MetricLearning.Ranges

/// The settings of a search for a learning rate: a fork of the run trains some iterations at rates that rise by equal factors (Smith 2017,
/// "Cyclical Learning Rates for Training Neural Networks"). A number out of range is an ArgumentException that names it.
[<Sealed>]
type LearningRateSearch() =
    let mutable lowest = 1e-7
    let mutable highest = 10.0
    let mutable iterations = 100
    let mutable smoothing = 0.9
    let mutable stopAt = 4.0
    let mutable optimizers: IReadOnlyCollection<string> = [||]

    /// The first rate; 1e-7 by default.
    member _.Lowest
        with get (): float = lowest
        and set (value: float) =
            positive "Lowest" value
            lowest <- value

    /// The last rate, if the loss does not diverge before; 10 by default.
    member _.Highest
        with get (): float = highest
        and set (value: float) =
            positive "Highest" value
            highest <- value

    /// The number of iterations from one to the other, from 10; 100 by default.
    member _.Iterations
        with get (): int = iterations
        and set (value: int) =
            atLeast 10L "Iterations" (int64 value)
            iterations <- value

    /// The part of the mean of losses that is carried from one iteration to the next, from 0 (none) to below 1; 0.9 by default.
    member _.Smoothing
        with get (): float = smoothing
        and set (value: float) =
            decayRate "Smoothing" value
            smoothing <- value

    /// The search ends when the mean loss is this many times the smallest, above 1; 4 by default. Of losses near 0, a quarter of
    /// the first one counts as the smallest.
    member _.StopAt
        with get (): float = stopAt
        and set (value: float) =
            require "StopAt" (Double.IsFinite value && value > 1.0) "a finite number above 1" value
            stopAt <- value

    /// The keys of the optimizers whose rates rise, in all their parameter groups; the others keep theirs. Empty, the default:
    /// all optimizers.
    member _.Optimizers
        with get (): IReadOnlyCollection<string> = optimizers
        and set (value: IReadOnlyCollection<string>) = optimizers <- Arguments.noneNull "Optimizers" value

    /// The rate of an iteration, from 0.
    member internal _.RateOf(iteration: int) : float =
        lowest * Math.Pow(highest / lowest, float iteration / float (iterations - 1))

    /// Raises ArgumentException where the numbers do not fit each other.
    member internal _.Check() : unit =
        if highest <= lowest then
            raise (ArgumentException $"Highest ({highest}) must be above Lowest ({lowest}): the rate rises.")

    /// The mean loss beyond which the search ends.
    member internal _.Limit(first: float, best: float) : float =
        best + (stopAt - 1.0) * max (abs best) (abs first / stopAt)
