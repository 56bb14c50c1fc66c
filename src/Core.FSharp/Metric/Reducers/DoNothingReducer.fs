namespace MetricLearning

open System.Collections.Generic
open TorchSharp

/// Leaves the values of a loss as they are: the loss returns one value per element. `loss.ComputeLoss` returns them with
/// their indices.
[<Sealed>]
type DoNothingReducer() =
    inherit Reducer("DoNothingReducer")

    let only (elements: IReadOnlyList<LossElements>) : torch.Tensor =
        if elements.Count = 1 then
            elements[0].List().Values
        else
            let names = elements |> Seq.map _.Name |> String.concat ", "

            invalidOp
                $"This loss has {elements.Count} parts ({names}), which DoNothingReducer leaves apart: take them from loss.ComputeLoss(input)."

    override _.TakesAllParts = true
    override _.ReduceElements(elements, _, _) = only [| elements |]
    override _.Reduce(elements, _, _) = only elements
