namespace MetricLearning

open System
open System.Collections.Generic
open System.IO
open TorchSharp

/// The pickles of `torch.save`: which functions of PyTorch stand for tensors.
module internal TorchPickle =

    let private fail (message: string) = raise (InvalidDataException message)

    let private dtypes =
        dict
            [
                "FloatStorage", torch.ScalarType.Float32
                "DoubleStorage", torch.ScalarType.Float64
                "HalfStorage", torch.ScalarType.Float16
                "BFloat16Storage", torch.ScalarType.BFloat16
                "LongStorage", torch.ScalarType.Int64
                "IntStorage", torch.ScalarType.Int32
                "ShortStorage", torch.ScalarType.Int16
                "CharStorage", torch.ScalarType.Int8
                "ByteStorage", torch.ScalarType.Byte
                "BoolStorage", torch.ScalarType.Bool
            ]

    let private dtypeOf (name: string) : torch.ScalarType =
        let parts = name.Split '.'
        let owner = String.Join('.', parts[.. parts.Length - 2])

        match dtypes.TryGetValue(Array.last parts) with
        | true, dtype when owner = "torch" || owner = "torch.cuda" -> dtype
        | _ ->
            let known = String.Join(", ", dtypes.Keys)
            fail $"it has a storage of class \"{name}\"; this library reads {known}"

    // ('storage', class, key, device, count of elements)
    let private storageOf (storages: Dictionary<string, PickledStorage>) (id: PickleValue) : PickleValue =
        match id with
        | PickleValue.Tuple [| PickleValue.Text "storage"
                               PickleValue.Global name
                               PickleValue.Text key
                               PickleValue.Text _
                               PickleValue.Int count |] when count >= 0L ->
            let dtype = dtypeOf name

            match storages.TryGetValue key with
            | true, known when known.Dtype = dtype && known.Count = count -> PickleValue.Storage known
            | true, _ -> fail $"it describes the storage \"{key}\" in two ways"
            | _ ->
                let storage =
                    {
                        Key = key
                        Dtype = dtype
                        Count = count
                    }

                storages[key] <- storage
                PickleValue.Storage storage
        | _ -> fail "it has an object outside of its pickle that is no storage"

    let private numbers (values: PickleValue[]) : int64[] option =
        if
            values
            |> Array.forall (function
                | PickleValue.Int number -> number >= 0L
                | _ -> false)
        then
            Some
                [|
                    for value in values do
                        match value with
                        | PickleValue.Int number -> number
                        | _ -> ()
                |]
        else
            None

    // As many as libtorch's iterators take.
    let private maxDimensions = 64

    let private checkBounds (tensor: PickledTensor) : unit =
        let outside () =
            fail
                $"it has a tensor of shape {Shape.show tensor.Shape} that reaches out of its storage \"{tensor.Storage.Key}\" of {tensor.Storage.Count} elements"

        try
            // Also that its elements can be counted.
            let count =
                Array.fold (fun total length -> Checked.(*) total length) 1L tensor.Shape

            if count > 0L then
                let last =
                    Array.fold2
                        (fun place length stride -> Checked.(+) place (Checked.(*) (length - 1L) stride))
                        tensor.Offset
                        tensor.Shape
                        tensor.Strides

                if last >= tensor.Storage.Count then
                    outside ()
            elif tensor.Offset > tensor.Storage.Count then
                outside ()
        with :? OverflowException ->
            outside ()

    let private tensorOf (name: string) (arguments: PickleValue[]) : PickleValue =
        match Array.truncate 4 arguments with
        | [| PickleValue.Storage storage; PickleValue.Int offset; PickleValue.Tuple shape; PickleValue.Tuple strides |] when
            offset >= 0L && shape.Length = strides.Length && shape.Length <= maxDimensions
            ->
            match numbers shape, numbers strides with
            | Some shape, Some strides ->
                let tensor =
                    {
                        Storage = storage
                        Offset = offset
                        Shape = shape
                        Strides = strides
                    }

                checkBounds tensor
                PickleValue.Tensor tensor
            | _ -> fail $"\"{name}\" has a shape or strides that are no counts"
        | _ -> fail $"\"{name}\" has other arguments than storage, offset, shape and strides"

    let private pairs (items: ResizeArray<PickleValue>) : PickleValue =
        let dict = PickledDict()

        for item in items do
            match item with
            | PickleValue.Tuple [| key; value |] -> dict.Set(key, value)
            | PickleValue.List pair when pair.Count = 2 -> dict.Set(pair[0], pair[1])
            | _ -> fail "\"collections.OrderedDict\" has an item that is no pair"

        PickleValue.Dict dict

    /// The results of the functions of a state dict. Everything else stays a name, which goes into `foreign`.
    let private callOf (foreign: ResizeArray<string>) (name: string) (arguments: PickleValue[]) : PickleValue =
        match name, arguments with
        | "collections.OrderedDict", [||] -> PickleValue.Dict(PickledDict())
        | "collections.OrderedDict", [| PickleValue.List items |] -> pairs items
        | "torch.Size", [| PickleValue.Tuple items |] -> PickleValue.Tuple items
        | ("torch._utils._rebuild_tensor_v2" | "torch._utils._rebuild_tensor"), _ -> tensorOf name arguments
        | ("torch._utils._rebuild_parameter" | "torch._utils._rebuild_parameter_with_state"), _ ->
            match Array.tryHead arguments with
            | Some(PickleValue.Tensor _ as tensor) -> tensor
            | _ -> fail $"\"{name}\" has another argument than a tensor"
        | _ ->
            // Messages show the first few.
            if foreign.Count < 100 && not (foreign.Contains name) then
                foreign.Add name

            PickleValue.Foreign name

    /// The value of a pickle, its storages by key, and the names of what it would build that is no part of a state dict.
    /// InvalidDataException, saying what is wrong, when it is not as the format has it.
    let read
        (pickle: byte[])
        : struct (PickleValue * IReadOnlyDictionary<string, PickledStorage> * IReadOnlyList<string>) =
        let storages = Dictionary<string, PickledStorage>()
        let foreign = ResizeArray<string>()
        let value = Pickle.read (callOf foreign) (storageOf storages) pickle
        struct (value, storages, foreign)
