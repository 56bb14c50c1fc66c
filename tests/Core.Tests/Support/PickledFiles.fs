/// Small files of `torch.save`, and what is in them.
module MetricLearning.Core.Tests.Support.PickledFiles

open System
open System.IO
open System.IO.Compression
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support.PickleWriter
open MetricLearning.Core.Tests.Support.TorchFiles

/// An open file.
let opened (entry: string | null) (file: byte[]) =
    PickledTensors.Read(new MemoryStream(file), "the file", entry)

/// Every tensor's name, dtype, shape and bytes.
let contents (entry: string | null) (file: byte[]) =
    use tensors = opened entry file

    [
        for entry in tensors.Entries do
            use tensor = tensors.Tensor entry.Name
            use plain = tensor.contiguous ()
            Expect.equal (tensor.dtype, tensor.shape) (entry.Dtype, entry.Shape) entry.Name
            entry.Name, entry.Dtype, List.ofArray entry.Shape, Convert.ToHexString(plain.bytes.ToArray())
    ]

let floats (values: float32 list) (shape: int64 list) =
    "FloatArray",
    torch.ScalarType.Float32,
    shape,
    Convert.ToHexString
        [|
            for value in values do
                yield! BitConverter.GetBytes value
        |]

let named (name: string) (_, dtype, shape, bytes) = name, dtype, shape, bytes

let refuses (file: byte[]) (words: string list) (what: string) =
    Expect.throwsC (fun () -> contents null file |> ignore) (fun error ->
        Expect.equal (error.GetType()) typeof<InvalidDataException> $"{what}: {error}"
        Expect.stringStarts error.Message "the file" what

        for word in words do
            Expect.stringContains error.Message word what)

let six = torch.arange (6, dtype = torch.ScalarType.Float32)
let storageOf (tensor: torch.Tensor) = storage 0 tensor

let saved (value: Python) =
    save "weights" (Some "little") [ storageOf six ] value

/// A state dict of one tensor of the six numbers.
let oneTensor (offset: int64) (shape: int64 list) (strides: int64 list) =
    saved (ordered [ "weight", rebuilt (storageOf six) offset shape strides ] None)

let tensorNamed name =
    Python.Text name, rebuilt (storageOf six) 0L [ 6L ] [ 1L ]

let dictOf (items: (string * Python) list) =
    Python.Dict [ for name, value in items -> Python.Text name, value ]
