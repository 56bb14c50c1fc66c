namespace MetricLearning.Core

open System
open TorchSharp
open type TorchSharp.torch
open MetricLearning

/// The losses of a batch times their weights, and their sum.
type internal WeightedLosses =
    {
        /// Scalars by name; a name may come more than once.
        Terms: (string * Tensor) list
        /// Their sum.
        Total: Tensor
    }

/// Weighing losses, their gradients, and reading them as numbers.
module internal WeightedLosses =

    let private check (plan: Plan) (name: string) (loss: Tensor) : unit =
        if not (Map.containsKey name plan.Weights) then
            let known = String.Join(", ", plan.Weights.Keys)

            invalidOp
                $"\"{name}\" is no loss of this trainer; its losses are {known}. Name further losses at construction."

        if isNull (box loss) then
            invalidOp $"The loss \"{name}\" is null; a loss function must return one number for the batch."

        if loss.numel () <> 1L then
            invalidOp
                $"The loss \"{name}\" has the shape {loss.ToString TensorStringStyle.Metadata}; a loss function must return one number for the batch."

    /// The losses that count, weighted.
    /// Raises InvalidOperationException when one is no scalar or has no weight, or none counts.
    let weigh (plan: Plan) (Losses terms: Losses) : WeightedLosses =
        let weighted =
            [
                for name, loss in terms do
                    check plan name loss

                    if Plan.counts name plan then
                        let scalar = if loss.dim () = 0L then loss else loss.reshape [||]
                        let weight = Plan.weight name plan
                        name, (if weight = 1.0 then scalar else scalar .* weight)
            ]

        match List.map snd weighted with
        | [] -> invalidOp "This iteration has no loss: no loss with a weight above zero takes part in its phase."
        | first :: others ->
            {
                Terms = weighted
                Total = List.fold (fun (sum: Tensor) (loss: Tensor) -> sum .+. loss) first others
            }

    /// Computes the gradients, times a scale.
    /// Raises InvalidOperationException when no parameter that trains has one.
    let backward (scale: LossScale option) (losses: WeightedLosses) : unit =
        if not losses.Total.requires_grad then
            invalidOp
                "The loss does not depend on any parameter that trains. Unfreeze a network, or, if your own loss returns a constant for a batch without pairs, let it return embeddings.sum() * 0."

        (GradientScale.apply scale losses.Total).backward()

    /// The losses without what made them, outside the dispose scope.
    let values (losses: WeightedLosses) : WeightedLosses =
        let value (loss: Tensor) = loss.detach().MoveToOuterDisposeScope()

        {
            Terms = losses.Terms |> List.map (fun (name, loss) -> name, value loss)
            Total = value losses.Total
        }

    /// The losses as numbers, 0 for those that were not computed, and their sum as `total_loss`; and measurements that are
    /// read with them.
    let read (runKeys: RunKeys) (losses: WeightedLosses) (measured: Measured[]) : Map<string, float> * float[] =
        // A single loss is its own sum.
        let scalars =
            match losses.Terms with
            | [ _, only ] when obj.ReferenceEquals(only, losses.Total) -> [| only |]
            | terms -> [| losses.Total; yield! List.map snd terms |]

        let struct (numbers, found) = Readings.readWith scalars measured
        let ofTerms = if scalars.Length = 1 then numbers else Array.tail numbers
        let zeros = Map.ofList [ for name in runKeys.Terms -> name, 0.0 ]

        Seq.zip (List.map fst losses.Terms) ofTerms
        |> Seq.fold
            (fun losses (name, value) ->
                losses |> Map.change name (fun sum -> Some(Option.defaultValue 0.0 sum + value)))
            zeros
        |> Map.add Keys.TotalLoss numbers[0],
        found
