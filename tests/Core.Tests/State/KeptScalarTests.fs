module MetricLearning.Core.Tests.State.KeptScalarTests

open System
open System.Runtime.CompilerServices
open Expecto
open TorchSharp
open MetricLearning

// More numbers than are kept for good.
let private fullOfOthers () =
    let scalars = KeptScalars(_.ToScalar())

    for other in -10_000L .. -1L do
        scalars.Of other |> ignore

    scalars

[<MethodImpl(MethodImplOptions.NoInlining)>]
let private unused (scalars: KeptScalars) (number: int64) : WeakReference = WeakReference(scalars.Of number)

[<MethodImpl(MethodImplOptions.NoInlining)>]
let private careless (number: int64) : WeakReference = WeakReference(number.ToScalar())

let private isThere (reference: WeakReference) =
    GC.Collect()
    GC.WaitForPendingFinalizers()
    GC.Collect()
    reference.IsAlive

let tests =
    testList
        "numbers for libtorch"
        [
            testCase "a number that nothing refers to is not freed" (fun () ->
                let scalars = KeptScalars(_.ToScalar())
                let number = unused scalars 7L
                Expect.isTrue (isThere number) "kept")

            testCase "neither is one too many to be kept for good, soon" (fun () ->
                let scalars = fullOfOthers ()
                let number = unused scalars 7L

                for other in 100L .. 1000L do
                    scalars.Of other |> ignore

                Expect.isTrue (isThere number) "kept"
                GC.KeepAlive scalars)

            testCase "seen to fail: but not for ever" (fun () ->
                let scalars = fullOfOthers ()
                let number = unused scalars 7L

                for other in 100L .. 2000L do
                    scalars.Of other |> ignore

                Expect.isFalse (isThere number) "freed"
                GC.KeepAlive scalars)

            testCase "seen to fail: TorchSharp's own is freed" (fun () ->
                Expect.isFalse (isThere (careless 7L)) "freed")

            testCase "numbers of other bits are other numbers" (fun () ->
                for number in [ 0.0; -0.0; 1.5; nan; infinity; -infinity; Double.Epsilon ] do
                    for _ in 1..2 do
                        use tensor = torch.full ([| 1L |], Numeric.scalar number, dtype = torch.float64)

                        Expect.equal
                            (BitConverter.DoubleToInt64Bits(tensor.item<float>()))
                            (BitConverter.DoubleToInt64Bits number)
                            $"{number}"

                Expect.equal ((Numeric.whole 1L).Type) torch.int64 "whole numbers are whole"
                Expect.equal ((Numeric.scalar 1.0).Type) torch.float64 "numbers are real")

            testCase "numbers are made once" (fun () ->
                Expect.isTrue (obj.ReferenceEquals(Numeric.scalar 1.5, Numeric.scalar 1.5)) "the same")
        ]
