/// A loss may be called twice before gradients are asked for: what its forward pass rewrites is no part of the graph.
module MetricLearning.Core.Tests.Metric.TwoCallsTests

open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.RandomBatches

let private value (loss: Loss) (rows: Tensor) : Tensor =
    if loss.TakesLabels then
        loss.Compute(rows, vector EveryPart.packagedLabels, Tuples.All, null, null, seed)
    else
        let other: Tensor | null = if loss.TakesReferences then embeddings 3 12 else null
        loss.Compute(rows, null, Tuples.All, other, null, seed)

// Of both batches, and of all that the loss learns.
let private gradientsOf (make: unit -> Loss) (isTogether: bool) : Tensor list =
    use _ = torch.NewDisposeScope()
    use loss = make ()
    loss.``to`` torch.float64 |> ignore
    let first = (embeddings 1 12).requires_grad_ true
    let second = (embeddings 2 12).requires_grad_ true

    if isTogether then
        let one = value loss first
        (one + value loss second).backward()
    else
        (value loss first).backward()
        (value loss second).backward()

    [
        gradient first
        gradient second
        for parameter in loss.parameters () do
            gradient parameter
    ]
    |> List.map (fun found -> found.clone().MoveToOuterDisposeScope())

let tests =
    testList
        "two calls"
        [
            for name, make in EveryPart.losses do
                test $"{name}: one backward pass of both is a backward pass of each" {
                    use _ = torch.NewDisposeScope()

                    List.iter2
                        (fun (together: Tensor) (apart: Tensor) ->
                            let difference = number ((together - apart).abs().max())
                            Expect.isLessThan difference 1e-12 "gradient")
                        (gradientsOf make true)
                        (gradientsOf make false)
                }
        ]
