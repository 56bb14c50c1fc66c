namespace MetricLearning.Core.Reducers

open MetricLearning
open System.Collections.Generic
open TorchSharp
open MetricLearning.Core

/// Leaves the values of a loss as they are: for losses whose elements you take into your own hands.
module DoNothing =

    /// The values of the only part, one by one; with their indices they are in what `loss.ComputeLoss` returns.
    let reduce (elements: IReadOnlyList<LossElements>) : torch.Tensor =
        if elements.Count = 1 then
            elements[0].List().Values
        else
            let names = elements |> Seq.map _.Name |> String.concat ", "

            invalidOp
                $"This loss has {elements.Count} parts ({names}), which DoNothingReducer leaves apart: take them from loss.ComputeLoss(input)."

    /// The reducer.
    let reducer () : Reducer =
        { new Reducer() with
            override _.TakesAllParts = true
            override _.ReduceElements(elements, _, _) = reduce [| elements |]
            override _.Reduce(elements, _, _) = reduce elements
        }
