module MetricLearning.Core.Tests.Metric.LossGradients

open System
open Expecto
open FsCheck
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.RandomBatches

/// The derivative along a direction, by central differences.
let slopeAlong (direction: torch.Tensor) (value: torch.Tensor -> torch.Tensor) (at: torch.Tensor) : float =
    use _ = torch.no_grad ()
    let step = 1e-6
    let ahead, behind = value (at + direction * step), value (at - direction * step)
    (number ahead - number behind) / (2.0 * step)

let direction (like: torch.Tensor) =
    use generator = new torch.Generator 17uL
    torch.randn (like.shape, dtype = torch.float64, generator = generator)

let labels = [ 0; 0; 1; 1; 2; 3; 3; 3; 0; 1 ]

let inputs (number: int) : (string * (torch.Tensor * Tuples * (torch.Tensor * torch.Tensor) option)) list =
    let rows = embeddings number 10
    let classes = vector (Seq.map int64 labels)
    let struct (a1, p, a2, n) = Tuples.allPairs classes null
    let struct (a, tp, tn) = Tuples.allTriplets classes null

    let every step (indices: torch.Tensor) =
        indices.slice (0L, 0L, indices.size 0, step)

    [
        "all", (rows, Tuples.All, None)
        "pairs", (rows, Tuples.Pairs(every 2L a1, every 2L p, every 3L a2, every 3L n), None)
        "triplets", (rows, Tuples.Triplets(every 5L a, every 5L tp, every 5L tn), None)
        "references", (rows, Tuples.All, Some(embeddings (number + 1) 6, vector [ 0; 1; 2; 3; 0; 1 ]))
    ]

let compute (loss: Loss) (labels: torch.Tensor) (rows: torch.Tensor) (tuples: Tuples) references =
    match references with
    | None -> loss.Compute(rows, labels, tuples, null, null, seed)
    | Some(refRows, refLabels) -> loss.Compute(rows, labels, tuples, refRows, refLabels, seed)

// Circle's weights are constants by definition, so its gradient is no derivative of its value.
let differentiable = every |> List.filter (fun (name, _) -> name <> "Circle")

let gradients =
    testList
        "gradients are derivatives"
        [
            for name, make in differentiable do
                for number in 1..3 do
                    test $"{name}, batch {number}" {
                        using make (fun loss ->
                            let classes = vector (Seq.map int64 labels)

                            for what, (rows, tuples, references) in inputs number do
                                if
                                    (references.IsNone || (takes name).References)
                                    && (tuples.IsAll || (takes name).Tuples)
                                then
                                    let rows = rows.detach().clone().requires_grad_ true
                                    loss.zero_grad ()
                                    (compute loss classes rows tuples references).backward()

                                    let agrees what (slope: float) (leaf: torch.Tensor) (along: torch.Tensor) =
                                        isNear
                                            1e-5
                                            (RandomBatches.number ((gradient leaf * along).sum()))
                                            slope
                                            $"{name}, {what}"

                                    let along = direction rows

                                    let ofRows at =
                                        compute loss classes at tuples references

                                    agrees what (slopeAlong along ofRows (rows.detach ())) rows along

                                    for parameter in loss.parameters () do
                                        let along, start = direction parameter, parameter.detach().clone()

                                        let ofParameter (at: torch.Tensor) =
                                            parameter.copy_ at |> ignore
                                            let value = compute loss classes (rows.detach ()) tuples references
                                            parameter.copy_ start |> ignore
                                            value

                                        agrees
                                            $"{what}, parameter"
                                            (slopeAlong along ofParameter start)
                                            parameter
                                            along)
                    }

            test "Circle: of the formula with its weights held" {
                use _ = torch.NewDisposeScope()
                let m, gamma = 0.4, 20.0
                let rows = (embeddings 4 10).requires_grad_ true
                let classes = vector (Seq.map int64 labels)

                use loss = new CircleLoss(m, gamma, Reducer = SumReducer())

                loss.Compute(rows, classes).backward()

                let similarities (at: torch.Tensor) =
                    let normal = torch.nn.functional.normalize at
                    let values = floats (normal.mm (normal.t ()))
                    Array2D.init 10 10 (fun i j -> values[10 * i + j])

                let held = similarities (rows.detach ())
                let logSumExp values = values |> Seq.sumBy exp |> log

                let value (at: torch.Tensor) =
                    let s = similarities at

                    torch.tensor (
                        Seq.sum
                            [
                                for i in 0..9 do
                                    let positive =
                                        [
                                            for j in 0..9 do
                                                if i <> j && labels[i] = labels[j] then
                                                    j
                                        ]

                                    let negative =
                                        [
                                            for j in 0..9 do
                                                if labels[i] <> labels[j] then
                                                    j
                                        ]

                                    if not positive.IsEmpty && not negative.IsEmpty then
                                        let pull =
                                            logSumExp
                                                [
                                                    for j in positive ->
                                                        -gamma * max 0.0 (1.0 + m - held[i, j]) * (s[i, j] - (1.0 - m))
                                                ]

                                        let push =
                                            logSumExp
                                                [
                                                    for j in negative ->
                                                        gamma * max 0.0 (held[i, j] + m) * (s[i, j] - m)
                                                ]

                                        log (1.0 + exp (pull + push))
                            ]
                    )

                let along = direction rows
                isNear 1e-10 (number (loss.Compute(rows.detach (), classes))) (number (value (rows.detach ()))) "value"

                isNear
                    1e-5
                    (number ((gradient rows * along).sum()))
                    (slopeAlong along value (rows.detach ()))
                    "gradient"
            }
        ]
