module MetricLearning.Core.Tests.Metric.GradientByFormulaTests

open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core.Tests.Support.RandomBatches

let private rows (number: int) (count: int) : torch.Tensor =
    (embeddings number count).requires_grad_ true

let private near (expected: torch.Tensor) (found: torch.Tensor) (what: string) =
    let most = (expected.abs().max().item<float>())
    let apart = (expected - found).abs().max().item<float>()
    Expect.isLessThanOrEqual apart (1e-12 * max 1.0 most) what

// Value, gradients, and gradients of the gradients, which autograd takes through the formula's plain form.
let private agrees name (inputs: torch.Tensor[]) (isSmooth: bool) (ours: torch.Tensor[] -> torch.Tensor) plain =
    test name {
        use _ = torch.NewDisposeScope()

        let derived (operation: torch.Tensor[] -> torch.Tensor) =
            let value = operation inputs
            use generator = new torch.Generator 29uL
            let weights = torch.randn (value.shape, dtype = value.dtype, generator = generator)

            let scalar () =
                ((operation inputs).sin() * weights).sum()

            let first = torch.autograd.grad ([| scalar () |], inputs) |> Seq.toArray

            let second () =
                let again =
                    torch.autograd.grad ([| scalar () |], inputs, retain_graph = true, create_graph = true)
                    |> Seq.toArray

                let bent =
                    again
                    |> Array.map (fun (slope: torch.Tensor) -> slope.sin().sum())
                    |> Array.reduce (fun a b -> a + b)

                Array.append again (torch.autograd.grad ([| bent |], inputs) |> Seq.toArray)

            Array.concat [ [| value |]; first; (if isSmooth then second () else [||]) ]

        Array.zip (derived plain) (derived ours)
        |> Array.iteri (fun number (expected, found) -> near (expected.detach ()) (found.detach ()) $"{number}")
    }

let private labels = vector [ for row in 0L .. 29L -> row % 6L ]

let tests =
    testList
        "gradients by formula"
        [
            agrees "unit rows" [| rows 1 30 |] true (fun inputs -> UnitRows.Of inputs[0]) (fun inputs ->
                UnitRows.InNorm 2.0 inputs[0])
            agrees
                "distances of rows to each other"
                [| rows 2 30 |]
                false // A row's distance to itself has a kink, and is 0 but for rounding.
                (fun inputs -> EuclideanMatrix.Of(inputs[0], inputs[0]).triu 1L)
                (fun inputs -> (torch.cdist (inputs[0], inputs[0], 2.0)).triu 1L)
            agrees
                "distances to other rows"
                [| rows 3 30; rows 4 40 |]
                true
                (fun inputs -> EuclideanMatrix.Of(inputs[0], inputs[1]))
                (fun inputs -> torch.cdist (inputs[0], inputs[1], 2.0))
            agrees
                "a margin on the angle of the own class"
                [| rows 5 30 |]
                true
                (fun inputs -> OwnClassMargin.Of(0.5, (labels % 5).unsqueeze 1L, inputs[0].tanh()))
                (fun inputs ->
                    let cosines, column = inputs[0].tanh(), (labels % 5).unsqueeze 1L
                    cosines.scatter (1L, column, AngularMargin.added 0.5 (cosines.gather (1L, column))))
            test "a row of zeros stays one, with a finite gradient" {
                use _ = torch.NewDisposeScope()
                let rows = torch.zeros(2L, 3L, dtype = torch.float64).requires_grad_ true
                let unit = UnitRows.Of rows
                unit.sum().backward()
                Expect.equal (unit.abs().sum().item<float>()) 0.0 "zeros"
                Expect.isTrue ((gradient rows).isfinite().all().item<bool>()) "finite"
            }
            test "equal rows pull at each other with no force" {
                use _ = torch.NewDisposeScope()
                let rows = torch.ones(30L, 3L, dtype = torch.float64).requires_grad_ true
                EuclideanMatrix.Of(rows, rows).sum().backward()
                Expect.equal ((gradient rows).abs().sum().item<float>()) 0.0 "no force"
            }
        ]
