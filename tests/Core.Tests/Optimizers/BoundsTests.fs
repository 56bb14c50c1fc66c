/// What a rule says of the numbers after a step, and what they are.
module MetricLearning.Core.Tests.Optimizers.BoundsTests

open System
open Expecto
open FsCheck
open FsCheck.FSharp
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support

/// The sizes of what steps start from, as powers of ten.
type Sizes =
    {
        Gradients: float list
        Weights: float
        Rate: float
        Dtype: int
    }

type SizesOf =
    static member Sizes() : Arbitrary<Sizes> =
        gen {
            let! gradients =
                Gen.listOfLength 6 (Gen.elements [ -30.0; -6.0; -2.0; 0.0; 2.0; 4.0; 18.0; 30.0; 38.0 ])

            let! weights = Gen.elements [ -6.0; 0.0; 4.0; 30.0; 38.0 ]
            let! rate = Gen.elements [ -4.0; -1.0; 0.0; 5.0 ]
            let! dtype = Gen.choose (0, MagnitudeTests.dtypes.Length - 1)

            return
                {
                    Gradients = gradients
                    Weights = weights
                    Rate = rate
                    Dtype = dtype
                }
        }
        |> Arb.fromGen

let private config =
    { Checked.config with
        maxTest = 200
        arbitrary = [ typeof<SizesOf> ]
    }

let private length = 40L

// The scaled numbers, zeros among them, and none that is not finite.
let private scaled (seed: int64) (dtype: ScalarType) (power: float) : Tensor =
    let largest = min (10.0 ** power) (FloatTypes.limit dtype)

    let tensor =
        (Weights.tensor seed torch.float64 [| length |] * largest.ToScalar()).``to`` dtype

    tensor.narrow(0L, 0L, 5L).zero_() |> ignore
    tensor

let private largest (tensor: Tensor) : float =
    Array.max (Magnitude.ofSlots (Layout.ofTensors [| struct ("numbers", tensor) |]) tensor)

let private stays (rule: Rule) (sizes: Sizes) : unit =
    use _ = torch.NewDisposeScope()
    let dtype = MagnitudeTests.dtypes[sizes.Dtype]
    let rate = 10.0 ** sizes.Rate
    use group = Weights.group rule rate [| scaled 1L dtype sizes.Weights |]

    let rec go (time: int) (slots: float[]) powers =
        match powers with
        | [] -> ()
        | power :: others ->
            let gradient = scaled (int64 (100 + time)) dtype power

            let struct (ofSlots, ofWeights) =
                rule.Bound
                    {
                        Rate = rate
                        Gradient = largest gradient
                        Slots = slots
                        Weights = largest group.Weights.Tensor
                        Round = FloatTypes.round dtype
                    }

            let limit = FloatTypes.limit dtype

            // Where there is doubt nothing is promised.
            if ofWeights < limit && Array.forall (fun bound -> bound < limit) ofSlots then
                Weights.step group [| gradient |]

                for bound, vector in
                    Seq.zip (Seq.append ofSlots [ ofWeights ]) (Seq.append group.Slots [ group.Weights ]) do
                    Expect.isLessThanOrEqual
                        (largest vector.Tensor)
                        (FloatTypes.loosen dtype bound)
                        $"step {time} in {dtype}"

                go (time + 1) (ofSlots |> Array.map (FloatTypes.loosen dtype)) others

    go 1 (rule.Slots |> Array.map (fun slot -> abs slot.Fill)) sizes.Gradients

let tests =
    testList
        "bounds"
        [
            for name, rule in Rules.all do
                testPropertyWithConfig config $"{name}: no number after a step is larger than foreseen" (stays rule)

            for name, rule in Rules.all do
                if not (name.Contains "centered") then
                    testCase $"{name}: an ordinary step is certain in float32, thousands of times over" (fun () ->
                        let before =
                            {
                                Rate = 1e-3
                                Gradient = 1.0
                                Slots = rule.Slots |> Array.map (fun _ -> 1.0)
                                Weights = 10.0
                                Round = FloatTypes.round torch.float32
                            }

                        let struct (ofSlots, ofWeights) = rule.Bound before

                        Expect.all
                            (Array.append ofSlots [| ofWeights |])
                            (fun bound -> bound < 1e30)
                            "far from the end")
        ]
