namespace MetricLearning.Core.Reducers

open MetricLearning
open System
open MetricLearning.Core

/// The mean of all values.
module Mean =

    /// The mean; 0 where a loss found nothing.
    let reduce (elements: LossElements) = elements.Mean()

    /// The reducer.
    let reducer () : Reducer =
        { new Reducer(Nullable(), [||]) with
            override _.ReduceElements(elements, _, _) = reduce elements
        }
