module MetricLearning.Core.Tests.Optimizers.VectorTests

open System
open Expecto
open FsCheck
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.Weights

let private named (tensors: torch.Tensor[]) =
    tensors |> Array.mapi (fun index tensor -> struct ($"t{index}", tensor))

let private layouts =
    testList
        "layouts"
        [
            testPropertyWithConfig
                Checked.config
                "slots follow each other on 64-byte boundaries and hold what was put in"
                (fun (sizes: NonEmptyArray<byte>) ->
                    use _ = torch.NewDisposeScope()

                    for dtype in [ torch.float32; torch.float64; torch.int64; torch.bfloat16 ] do
                        let tensors =
                            sizes.Get
                            |> Array.mapi (fun index size ->
                                (tensor (int64 index) torch.float64 [| int64 size % 40L; 2L |]).``to`` dtype)

                        let layout = Layout.ofTensors (named tensors)
                        let vector = Vector.ofTensors layout tensors
                        let bytes = vector.Tensor.element_size ()
                        let mutable next = 0L

                        for slot, tensor, view in Seq.zip3 layout.Slots tensors (Vector.views layout vector) do
                            Expect.equal slot.Offset next "offset"
                            Expect.equal (slot.Padded * bytes % 64L) 0L "padding"

                            Expect.isTrue
                                (slot.Padded >= slot.Size && slot.Padded * bytes < slot.Size * bytes + 64L)
                                "no more than needed"

                            Expect.equal view.shape tensor.shape "shape"
                            Expect.equal (values view) (values tensor) "values"
                            next <- next + slot.Padded

                        Expect.equal layout.Length next "length"
                        vector.Release())
            test "a view writes into its vector" {
                use _ = torch.NewDisposeScope()
                let layout = Layout.ofTensors (named [| torch.zeros (2L, 3L); torch.zeros 4L |])
                let vector = Vector.zeros layout
                let views = Vector.views layout vector
                views[1].fill_(2.5.ToScalar()) |> ignore

                Expect.equal
                    (values (vector.Tensor.narrow (0L, layout.Slots[1].Offset, 4L)))
                    (Array.create 4 2.5)
                    "the slot"

                Expect.equal (vector.Tensor.sum().item<float32>()) 10.0f "and nothing else"
                vector.Release()
            }
            test "one dtype, one device, at least one tensor, as many as the layout has" {
                use _ = torch.NewDisposeScope()
                throws<ArgumentException> "at least one" (fun () -> Layout.ofTensors [||] |> ignore)

                throws<ArgumentException> "'t1'" (fun () ->
                    Layout.ofTensors (named [| torch.zeros 2L; torch.zeros (2L, dtype = torch.float64) |])
                    |> ignore)

                let layout = Layout.ofTensors (named [| torch.zeros 2L; torch.zeros 3L |])
                throws<ArgumentException> "1 tensors" (fun () -> Vector.ofTensors layout [| torch.zeros 2L |] |> ignore)

                throws<ArgumentException> "'t1'" (fun () ->
                    Vector.ofTensors layout [| torch.zeros 2L; torch.zeros 1L |] |> ignore)
            }
        ]

let private owners =
    testList
        "owners"
        [
            testPropertyWithConfig
                Checked.config
                "a vector is freed by the last release, and by no other"
                (fun (retains: byte) ->
                    use _ = torch.NewDisposeScope()
                    let vector = Vector.zeros (Layout.ofTensors (named [| torch.zeros 3L |]))
                    let more = int retains % 5

                    for _ in 1..more do
                        vector.Retain()

                    Expect.equal vector.IsShared (more > 0) "shared"

                    for _ in 1..more do
                        vector.Release()
                        Expect.isFalse vector.IsFreed "still owned"

                    vector.Release()
                    Expect.isTrue vector.IsFreed "freed"
                    vector.Release()
                    Expect.isTrue vector.IsFreed "releasing it again changes nothing")
            test "owners on many threads free it once" {
                let tensor = torch.zeros(16L).DetachFromDisposeScope()
                let vector = Vector.Own tensor

                for _ in 1..1000 do
                    vector.Retain()

                Threading.Tasks.Parallel.For(0, 1000, fun _ -> vector.Release()) |> ignore
                Expect.isFalse vector.IsFreed "one owner left"
                vector.Release()
                Expect.isTrue (vector.IsFreed && tensor.IsInvalid) "freed"
            }
            test "a freed vector says what happened" {
                let vector = Vector.zeros (Layout.ofTensors (named [| torch.zeros 3L |]))
                vector.Release()
                let message = "This state's weights were released when its run went on."
                throws<InvalidOperationException> message (fun () -> vector.Tensor |> ignore)
                throws<InvalidOperationException> message vector.Retain
                throws<InvalidOperationException> message (fun () -> Vector.clone vector |> ignore)
            }
            test "a vector outlives the dispose scope that it was made in, and a view its vector" {
                let layout, vector, view =
                    use _ = torch.NewDisposeScope()
                    let layout = Layout.ofTensors (named [| torch.ones 3L |])
                    let vector = Vector.full layout 2.0
                    let views = Vector.views layout vector
                    layout, vector, views[0].DetachFromDisposeScope()

                Expect.equal (values vector.Tensor) (Array.create (int layout.Length) 2.0) "alive"
                vector.Release()
                Expect.equal (values view) [| 2.0; 2.0; 2.0 |] "the view's memory"
                view.Dispose()
            }
            test "a clone is a vector of its own" {
                use _ = torch.NewDisposeScope()
                let vector = Vector.zeros (Layout.ofTensors (named [| torch.zeros 3L |]))
                let copy = Vector.clone vector
                copy.Tensor.add_ (1.0.ToScalar()) |> ignore
                Expect.all (values vector.Tensor) ((=) 0.0) "the first stays"
                vector.Release()
                Expect.all (values copy.Tensor) ((=) 1.0) "the copy lives"
                copy.Release()
            }
            test "making and releasing leaves no tensors" {
                leavesNoTensors (fun () ->
                    use scope = torch.NewDisposeScope()
                    let layout = Layout.ofTensors (named [| torch.zeros 3L |])

                    for vector in
                        [
                            Vector.zeros layout
                            Vector.full layout 1.0
                            Vector.ofTensors layout [| torch.ones 3L |]
                        ] do
                        (Vector.clone vector).Release()
                        vector.Release())
            }
        ]

let tests = testSequenced (testList "vectors" [ layouts; owners ])
