module MetricLearning.Core.Tests.Optimizers.MagnitudeTests

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support

let dtypes: ScalarType list =
    [ torch.float16; torch.bfloat16; torch.float32; torch.float64 ]

let private number (measured: Measured) : float =
    match measured with
    | Measured.Known number -> number
    | Measured.OnDevice scalar -> scalar.ToDouble()

let private layoutOf (tensor: Tensor) =
    Layout.ofTensors [| struct ("numbers", tensor) |]

// One of each of the kernel's paths: no whole vector, some, one more than a thread takes.
let private lengths = [ 1L; 2L; 15L; 16L; 67L; 1000L; 131073L ]

let private measure (layout: Layout) (flat: Tensor) : float list =
    [
        number (Magnitude.ofFlat layout flat)
        Array.max (Magnitude.ofSlots layout flat)
        (Magnitude.ofTensor flat).ToDouble()
    ]

let tests =
    testList
        "magnitudes"
        [
            for dtype in dtypes do
                testCase $"the largest of {dtype}, in memory and by libtorch" (fun () ->
                    use _ = torch.NewDisposeScope()

                    for length in lengths do
                        let tensor = Weights.tensor length dtype [| length |]
                        let layout = layoutOf tensor
                        let vector = Vector.ofTensors layout [| tensor |]
                        let expected = Weights.values tensor |> Seq.map abs |> Seq.max

                        for found in measure layout vector.Tensor do
                            Expect.equal found expected $"{length}")

            for dtype in dtypes do
                testCase $"one number of {dtype} that is not finite is found wherever it stands" (fun () ->
                    use _ = torch.NewDisposeScope()

                    for length in lengths do
                        for bad in [ nan; infinity; -infinity ] do
                            for place in List.distinct [ 0L; length / 2L; length - 1L ] do
                                let tensor = Weights.tensor length dtype [| length |]
                                tensor[place] <- torch.tensor (bad, dtype = dtype)
                                let layout = layoutOf tensor
                                let vector = Vector.ofTensors layout [| tensor |]

                                for found in measure layout vector.Tensor do
                                    Expect.isFalse (Double.IsFinite found) $"{bad} at {place} of {length}")

            testCase "padding does not count" (fun () ->
                use _ = torch.NewDisposeScope()
                let tensor = torch.ones (3L, dtype = torch.float32)
                let layout = layoutOf tensor
                let vector = Vector.ofTensors layout [| tensor |]
                vector.Tensor[5L] <- torch.tensor (nan, dtype = torch.float32)
                Expect.equal (number (Magnitude.ofFlat layout vector.Tensor)) 1.0 "finite")
        ]
