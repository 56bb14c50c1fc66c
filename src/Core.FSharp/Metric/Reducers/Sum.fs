namespace MetricLearning.Core.Reducers

open MetricLearning
open System
open MetricLearning.Core

/// The sum of all values.
module Sum =

    /// The sum.
    let reduce (elements: LossElements) = elements.Sum()

    /// The reducer.
    let reducer () : Reducer =
        { new Reducer(Nullable(), [||]) with
            override _.ReduceElements(elements, _, _) = reduce elements
        }
