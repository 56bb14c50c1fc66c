namespace MetricLearning

open System
open System.Collections
open System.Collections.Generic
open System.Runtime.CompilerServices
open TorchSharp
open MetricLearning.Core

/// Default collation: a list of samples becomes a batch.
///
/// Tensors are stacked; numbers become a vector (integers and enums int64, floats keep their type); arrays of numbers
/// count as tensors; strings become a string array; tuples and lists are collated place by place into an array,
/// dictionaries with string keys key by key into a dictionary.
module Collate =

    let private describe (item: obj | null) : string =
        match item with
        | null -> "null"
        | :? torch.Tensor as tensor -> $"a {tensor.dtype} tensor of shape {Shape.show tensor.shape}"
        | :? Array as numbers ->
            let lengths = Array.init numbers.Rank numbers.GetLongLength
            $"an array of {numbers.GetType().GetElementType()} with {Shape.show lengths} elements"
        | :? string -> "a string"
        | :? ITuple as tuple -> $"a tuple of {tuple.Length}"
        | :? IDictionary as entries -> $"a dictionary of {entries.Count} entries"
        | other -> $"a {other.GetType()}"

    // Names samples by their index in the data set and their position in the batch.
    let private refuse (indices: int64[]) (position: int) (reason: string) : 'T =
        raise (
            ArgumentException
                $"Sample {indices[position]} (position {position} of its batch) {reason}. Make all samples alike, or give a CollateFn."
        )

    let private alike (indices: int64[]) (items: (obj | null)[]) (isAlike: obj | null -> bool) =
        items
        |> Array.iteri (fun position item ->
            if not (isAlike item) then
                refuse indices position $"holds {describe item} where sample {indices[0]} holds {describe items[0]}")

    let private stack (indices: int64[]) (items: (obj | null)[]) (first: torch.Tensor) : torch.Tensor =
        alike indices items (fun item ->
            match item with
            | :? torch.Tensor as tensor -> tensor.dtype = first.dtype && tensor.device_type = first.device_type
            | _ -> false)

        try
            torch.stack (Array.map (fun (item: obj | null) -> downcast nonNull item) items)
        with _ ->
            // Asking every tensor for its shape first would cost more than the stacking.
            let shape = first.shape

            alike indices items (fun item ->
                match item with
                | :? torch.Tensor as tensor -> tensor.shape.AsSpan().SequenceEqual(shape)
                | _ -> false)

            reraise ()

    let private stackArrays (indices: int64[]) (items: (obj | null)[]) (first: Array) : torch.Tensor =
        let lengths (array: Array) =
            Array.init array.Rank array.GetLongLength

        alike indices items (fun item ->
            match item with
            | :? Array as array -> array.GetType() = first.GetType() && lengths array = lengths first
            | _ -> false)

        let element = nonNull (first.GetType().GetElementType())
        let together = Array.CreateInstance(element, items.Length * first.Length)
        let bytes = Buffer.ByteLength first

        items
        |> Array.iteri (fun position item ->
            Buffer.BlockCopy(downcast nonNull item, 0, together, position * bytes, bytes))

        torch.from_array(together).reshape(Array.append [| items.LongLength |] (lengths first))

    let private isWhole (item: obj | null) =
        match item with
        | :? Enum
        | :? int
        | :? int64
        | :? int16
        | :? sbyte
        | :? byte
        | :? uint16
        | :? uint32 -> true
        | _ -> false

    let private isNumeric (array: Array) =
        let element = nonNull (array.GetType().GetElementType())

        element.IsPrimitive
        && element <> typeof<char>
        && element <> typeof<uint16>
        && element <> typeof<uint32>
        && element <> typeof<uint64>
        && element <> typeof<nativeint>
        && element <> typeof<unativeint>

    let private every<'T> (indices: int64[]) (items: (obj | null)[]) : 'T[] =
        alike indices items (fun item -> item :? 'T)
        items |> Array.map (fun item -> unbox<'T>(nonNull item))

    let rec private join (indices: int64[]) (items: (obj | null)[]) : obj =
        match items[0] with
        | :? torch.Tensor as first -> stack indices items first
        | :? string -> every<string> indices items
        | :? float32 -> torch.tensor (every<float32> indices items)
        | :? float -> torch.tensor (every<float> indices items)
        | :? bool -> torch.tensor (every<bool> indices items)
        | first when isWhole first ->
            alike indices items isWhole
            torch.tensor (items |> Array.map Convert.ToInt64)
        | :? Array as first when isNumeric first -> stackArrays indices items first
        | :? ITuple as first ->
            let tuples = every<ITuple> indices items
            alike indices items (fun item -> (nonNull item :?> ITuple).Length = first.Length)
            Array.init first.Length (fun place -> join indices (tuples |> Array.map (fun tuple -> tuple[place])))
        | :? IDictionary as first -> joinEntries indices items first
        | :? IEnumerable ->
            let rows =
                every<IEnumerable> indices items
                |> Array.map (fun row -> [| for item in row -> item |])

            rows
            |> Array.iteri (fun position row ->
                if row.Length <> rows[0].Length then
                    refuse
                        indices
                        position
                        $"holds {row.Length} items where sample {indices[0]} holds {rows[0].Length}")

            Array.init rows[0].Length (fun place -> join indices (rows |> Array.map (fun row -> row[place])))
        | other ->
            refuse
                indices
                0
                $"is or holds {describe other}, which default collation does not know: it knows tensors, numbers, strings, and tuples, lists and dictionaries of them"

    and private joinEntries (indices: int64[]) (items: (obj | null)[]) (first: IDictionary) : obj =
        let samples = every<IDictionary> indices items
        let batch = Dictionary<string, obj>()

        for key in first.Keys do
            samples
            |> Array.iteri (fun position sample ->
                if sample.Count <> first.Count || not (sample.Contains key) then
                    refuse
                        indices
                        position
                        $"holds {describe sample} without those of sample {indices[0]}, such as \"{key}\"")

            batch[string key] <- join indices (samples |> Array.map (fun sample -> sample[key]))

        batch

    /// The batch of the samples read at `indices` of the data set, which only name the samples in errors. The tensors of
    /// the batch are new and belong to the caller's dispose scope. ArgumentException, naming the sample, if samples differ
    /// in kind, type or shape.
    let samples (indices: int64[]) (samples: IReadOnlyList<obj>) : obj =
        if samples.Count = 0 then
            raise (ArgumentException "There is no batch of no samples.")

        join indices [| for sample in samples -> sample |]
