/// Files as PyTorch writes them: state dicts and TorchScript modules.
module MetricLearning.Core.Tests.Support.TorchFiles

open System.Text
open TorchSharp
open MetricLearning.Core.Tests.Support.PickleWriter

/// A storage: its class, its key in the archive, how many elements and which bytes it has.
type Storage =
    {
        Kind: string
        Key: string
        Count: int64
        Bytes: byte[]
    }

/// A tensor as `torch._utils._rebuild_tensor_v2` is told to make it.
let rebuiltWith (grad: bool) (storage: Storage) (offset: int64) (shape: int64 list) (strides: int64 list) : Python =
    let numbers values =
        Python.Tuple [ for value in values -> Python.Int value ]

    Python.Reduced(
        Python.Global("torch._utils", "_rebuild_tensor_v2"),
        Python.Tuple
            [
                Python.Persistent
                    [
                        Python.Text "storage"
                        Python.Global("torch", storage.Kind)
                        Python.Text storage.Key
                        Python.Text "cpu"
                        Python.Int storage.Count
                    ]
                Python.Int offset
                numbers shape
                numbers strides
                Python.Bool grad
                ordered [] None
            ],
        [],
        None
    )

/// The same without gradient, as state dicts have it.
let rebuilt = rebuiltWith false

/// As `torch.nn.Parameter` pickles itself.
let parameter (tensor: Python) : Python =
    Python.Reduced(
        Python.Global("torch._utils", "_rebuild_parameter"),
        Python.Tuple [ tensor; Python.Bool true; ordered [] None ],
        [],
        None
    )

let private kind (dtype: torch.ScalarType) =
    match dtype with
    | torch.ScalarType.Float32 -> "FloatStorage"
    | torch.ScalarType.Float64 -> "DoubleStorage"
    | torch.ScalarType.Float16 -> "HalfStorage"
    | torch.ScalarType.BFloat16 -> "BFloat16Storage"
    | torch.ScalarType.Int64 -> "LongStorage"
    | torch.ScalarType.Int32 -> "IntStorage"
    | torch.ScalarType.Int16 -> "ShortStorage"
    | torch.ScalarType.Int8 -> "CharStorage"
    | torch.ScalarType.Byte -> "ByteStorage"
    | torch.ScalarType.Bool -> "BoolStorage"
    | dtype -> invalidArg (nameof dtype) $"{dtype}"

/// The storage of a contiguous tensor, all of it.
let storage (key: int) (tensor: torch.Tensor) : Storage =
    {
        Kind = kind tensor.dtype
        Key = string key
        Count = tensor.numel ()
        Bytes = tensor.bytes.ToArray()
    }

/// The tensor that is the whole of a storage.
let whole (tensor: torch.Tensor) (storage: Storage) : Python =
    rebuilt storage 0L (List.ofArray tensor.shape) (List.ofArray (tensor.stride ()))

/// What `torch.save(value, "FOLDER.pth")` writes: `byteorder` since PyTorch 2.1.
let save (folder: string) (byteOrder: string option) (storages: Storage list) (value: Python) : byte[] =
    TorchArchive.write
        folder
        [
            "data.pkl", write value
            match byteOrder with
            | Some order -> "byteorder", Encoding.UTF8.GetBytes order
            | None -> ()
            for storage in storages do
                $"data/{storage.Key}", storage.Bytes
            "version", Encoding.UTF8.GetBytes "3\n"
            if byteOrder.IsSome then
                ".data/serialization_id", Encoding.UTF8.GetBytes "1234567890123456789012345678901234567890"
        ]

/// The state dict of these tensors, and the storages that it names.
let stateDict (tensors: (string * torch.Tensor) list) : Storage list * Python =
    let storages =
        [ for index, (_, tensor) in List.indexed tensors -> storage index tensor ]

    storages,
    ordered
        [
            for (name, tensor), storage in List.zip tensors storages -> name, whole tensor storage
        ]
        None

/// What `torch.save(module.state_dict(), "weights.pth")` writes.
let saveStateDict (tensors: (string * torch.Tensor) list) : byte[] =
    let storages, value = stateDict tensors
    save "weights" (Some "little") storages value

/// What `torch.jit.save` writes: an object and the source of its classes.
let saveScript (storages: Storage list) (source: string) (root: Python) : byte[] =
    TorchArchive.write
        "script"
        [
            "data.pkl", write root
            "code/__torch__.py", Encoding.UTF8.GetBytes source
            for storage in storages do
                $"data/{storage.Key}", storage.Bytes
            "constants.pkl", write (Python.Tuple [])
            "version", Encoding.UTF8.GetBytes "3\n"
        ]
