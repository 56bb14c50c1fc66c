namespace MetricLearning

open System.Collections.Generic
open TorchSharp

/// The bytes that tensors of a file of `torch.save` share.
[<ReferenceEquality>]
type internal PickledStorage =
    {
        /// Its name in the archive.
        Key: string
        /// The type of its elements.
        Dtype: torch.ScalarType
        /// The number of its elements.
        Count: int64
    }

/// A tensor in a file of `torch.save`: a view of a storage. Every element that it names lies in the storage.
[<ReferenceEquality>]
type internal PickledTensor =
    {
        /// The storage of its elements.
        Storage: PickledStorage
        /// The first of them.
        Offset: int64
        /// Its shape.
        Shape: int64[]
        /// The stride of each dimension, in elements.
        Strides: int64[]
    }

/// The content of a pickle as data. Nothing that it names is ever called or built.
[<RequireQualifiedAccess; NoEquality; NoComparison>]
type internal PickleValue =
    | None
    | Bool of bool
    | Int of int64
    | Float of float
    | Text of string
    | Tuple of PickleValue[]
    | List of ResizeArray<PickleValue>
    | Dict of PickledDict
    | Storage of PickledStorage
    | Tensor of PickledTensor
    /// A class or function by its full name.
    | Global of string
    /// Something that only Python could build: bytes, sets, long numbers, objects; with the name of its class.
    | Foreign of string

/// A dictionary of a pickle; keys that are no text are left out.
and [<Sealed>] internal PickledDict() =
    // Made when the first item comes: a file can ask for many empty ones.
    let mutable items: OrderedDictionary<string, PickleValue> | null = null

    /// Sets an item, or replaces it as Python does.
    member _.Set(key: PickleValue, value: PickleValue) : unit =
        match key, items with
        | PickleValue.Text key, null ->
            let first = OrderedDictionary<string, PickleValue>()
            first[key] <- value
            items <- first
        | PickleValue.Text key, NonNull items -> items[key] <- value
        | _ -> ()

    /// Its items, in their order.
    member _.Items: KeyValuePair<string, PickleValue> seq =
        match items with
        | null -> Seq.empty
        | items -> items
