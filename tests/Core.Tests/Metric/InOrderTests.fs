/// Sums in one order on every device: the forms for CUDA give what the CPU's give.
module MetricLearning.Core.Tests.Metric.InOrderTests

open System.IO
open System.Text.RegularExpressions
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core.Tests.Support

let private indices () =
    torch.tensor [| 3L; 0L; 3L; 1L; 3L; 0L |]

let private values (shape: int64[]) =
    (torch.randn (shape, dtype = torch.float64)).requires_grad_ true

// The result, and the gradient of every input, with a weight of its own for every entry.
let private outcome (form: torch.Tensor[] -> torch.Tensor) (inputs: torch.Tensor[]) : float[][] =
    let result = form inputs

    let weights =
        torch.arange(result.numel().ToScalar(), dtype = torch.float64).reshape result.shape

    let slopes = torch.autograd.grad ([| (result * weights).sum() |], inputs)

    Seq.append [ result ] slopes
    |> Seq.map (fun tensor -> tensor.detach().contiguous().data<float>().ToArray())
    |> Array.ofSeq

let private agree name onCpu sorted (shapes: int64[] list) =
    test name {
        use _ = torch.NewDisposeScope()
        let inputs = shapes |> List.map values |> Array.ofList

        for expected, found in Array.zip (outcome onCpu inputs) (outcome sorted inputs) do
            Expect.hasLength found expected.Length "as many"

            for one, other in Array.zip expected found do
                Expect.isLessThanOrEqual (abs (one - other)) (1e-12 * (1.0 + abs one)) "the same"
    }

// Calls whose sums CUDA adds in any order, in the call or in its backward pass.
let private unordered =
    Regex @"\.(index_select\s*\(0L|index_add\b|index_add_\b|scatter_add\b|cumsum\b)"

// Whole numbers, whose sums are exact in any order.
let private exact = [ "RankedTriplets.fs"; "InOrder.fs"; "InstanceLoss.fs" ]

let private offences () =
    [
        for room in
            [
                "Metric/Losses"
                "Metric/Distances"
                "Metric/Reducers"
                "Metric/Regularizers"
                "Step"
                "Trainers"
                "Optimizers"
            ] do
            for file in SourceFiles.ofRoom room do
                if not (List.contains (nonNull (Path.GetFileName file)) exact) then
                    for number, line in Seq.indexed (File.ReadAllLines file) do
                        if unordered.IsMatch line then
                            $"{Path.GetFileName file}:{number + 1}: {line.Trim()}"
    ]

let tests =
    testList
        "sums in one order"
        [
            agree
                "rows"
                (fun inputs -> InOrder.rows (indices ()) inputs[0])
                (fun inputs -> InOrder.Sorted.rows (indices ()) inputs[0])
                [ [| 4L; 3L |] ]
            agree
                "rows of a vector"
                (fun inputs -> InOrder.rows (indices ()) inputs[0])
                (fun inputs -> InOrder.Sorted.rows (indices ()) inputs[0])
                [ [| 4L |] ]
            agree
                "added values"
                (fun inputs -> InOrder.add (indices ()) inputs[0] inputs[1])
                (fun inputs -> InOrder.Sorted.add (indices ()) inputs[0] inputs[1])
                [ [| 6L |]; [| 4L |] ]
            agree
                "added rows"
                (fun inputs -> InOrder.add (indices ()) inputs[0] inputs[1])
                (fun inputs -> InOrder.Sorted.add (indices ()) inputs[0] inputs[1])
                [ [| 6L; 2L |]; [| 4L; 2L |] ]
            agree
                "added within rows"
                (fun inputs -> InOrder.addInRows (indices().reshape(2L, 3L)) inputs[0] inputs[1])
                (fun inputs -> InOrder.Sorted.addInRows (indices().reshape(2L, 3L)) inputs[0] inputs[1])
                [ [| 2L; 3L |]; [| 2L; 4L |] ]
            agree
                "running sums"
                (fun inputs -> InOrder.runningSums inputs[0])
                (fun inputs -> InOrder.Sorted.runningSums inputs[0])
                [ [| 3L; 5L |] ]
            test "everything that has gradients is added in order" {
                Expect.isEmpty (offences ()) "calls of InOrder instead"
            }
        ]
