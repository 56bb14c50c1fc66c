namespace MetricLearning

open System
open System.Buffers.Binary
open System.Collections.Generic
open System.IO
open System.Runtime.InteropServices
open System.Text
open TorchSharp

/// A file of `torch.save` (PyTorch 1.6 and newer) that is open for reading: the tensors of a state dict, by name. It is read as
/// data: nothing in it is ever called or built, whatever it names. Tensors are read when they are asked for.
[<Sealed>]
type PickledTensors
    private (records: TorchRecords, title: string, named: StateDicts.Named, foreign: IReadOnlyList<string>, isBig: bool)
    =
    static let longestPickle = 1L <<< 25

    // Storages are kept while the next tensor asks for the same one.
    let mutable last: struct (PickledStorage * torch.Tensor) voption = ValueNone

    let byName =
        Dictionary(named |> Seq.map (fun struct (name, tensor) -> KeyValuePair(name, tensor)))

    static let reverse (size: int) (bytes: Span<byte>) =
        match size with
        | 2 ->
            let values = MemoryMarshal.Cast<byte, int16> bytes
            let source: ReadOnlySpan<int16> = Span.op_Implicit values
            BinaryPrimitives.ReverseEndianness(source, values)
        | 4 ->
            let values = MemoryMarshal.Cast<byte, int32> bytes
            let source: ReadOnlySpan<int32> = Span.op_Implicit values
            BinaryPrimitives.ReverseEndianness(source, values)
        | 8 ->
            let values = MemoryMarshal.Cast<byte, int64> bytes
            let source: ReadOnlySpan<int64> = Span.op_Implicit values
            BinaryPrimitives.ReverseEndianness(source, values)
        | _ -> ()

    // Whatever is wrong with an archive is wrong with the file.
    static let clearly (title: string) (act: unit -> 'Result) : 'Result =
        let refuse (message: string) =
            raise (InvalidDataException $"{title} is no file of torch.save that can be read: {message}.")

        try
            act ()
        with
        | :? InvalidDataException as error -> refuse (error.Message.TrimEnd '.')
        | :? EndOfStreamException -> refuse "it was cut off"
        | :? NotSupportedException
        | :? ArgumentException
        | :? OverflowException as error -> refuse (error.Message.TrimEnd '.')

    let readStorage (storage: PickledStorage) : torch.Tensor =
        let struct (_, size) = SafetensorsHeader.describe storage.Key storage.Dtype
        let length = Checked.(*) storage.Count size
        let name = $"data/{storage.Key}"

        match records.Find name with
        | null -> raise (InvalidDataException $"its archive has no record \"{name}\"")
        | entry when entry.Length <> length ->
            raise (
                InvalidDataException
                    $"its record \"{name}\" has {entry.Length} bytes, but {storage.Count} elements of {storage.Dtype} have {length}"
            )
        | _ -> ()

        let mutable content: torch.Tensor | null = null

        try
            records.Read(
                name,
                length,
                fun stream crc ->
                    let whole = torch.empty (storage.Count, dtype = storage.Dtype)
                    content <- whole

                    TensorBytes.iterate whole (fun part ->
                        let bytes = part.bytes
                        stream.ReadExactly bytes
                        crc.Append(Span.op_Implicit bytes)

                        if
                            storage.Dtype = torch.ScalarType.Bool
                            && bytes.ContainsAnyExceptInRange(0uy, 1uy)
                        then
                            raise (InvalidDataException $"its record \"{name}\" has a bool that is neither 0 nor 1")

                        if isBig then
                            reverse (int size) bytes)
            )

            nonNull content
        with _ ->
            match content with
            | null -> ()
            | content -> content.Dispose()

            reraise ()

    /// The stream, which belongs to the result, must be able to seek and stand at the beginning; messages use `title`.
    /// `entry` selects one of several state dicts: its keys joined by "/"; null when there is one.
    /// Raises InvalidDataException, saying what is wrong, when it is no such file, or holds no state dict or several.
    static member Read(stream: Stream, title: string, entry: string | null) : PickledTensors =
        ArgumentNullException.ThrowIfNull(stream, nameof stream)
        ArgumentNullException.ThrowIfNull(title, nameof title)

        clearly title (fun () ->
            let first = Array.zeroCreate<byte> 4
            let count = stream.ReadAtLeast(Span first, 4, false)
            stream.Position <- 0L

            if count >= 2 && first[0] = 0x80uy then
                raise (
                    InvalidDataException
                        "it is of the format before PyTorch 1.6. Save it again in Python: torch.save(torch.load(path, map_location=\"cpu\"), path)"
                )

            if count < 4 || first <> [| byte 'P'; byte 'K'; 3uy; 4uy |] then
                raise (InvalidDataException "it is no zip archive")

            let records = new TorchRecords(stream)

            try
                if records.IsScript then
                    raise (
                        InvalidDataException
                            "it is a TorchScript module, a program with its weights. Load it with ScriptTrunk.Load"
                    )

                let isBig =
                    match records.Find "byteorder" with
                    | null -> false
                    | _ ->
                        match Encoding.ASCII.GetString(records.Bytes("byteorder", 16L)) with
                        | "little" -> false
                        | "big" -> true
                        | order -> raise (InvalidDataException $"it has the byte order \"{order}\"")

                let struct (root, _, foreign) =
                    TorchPickle.read (records.Bytes("data.pkl", longestPickle))

                let named = StateDicts.tensors entry root
                new PickledTensors(records, title, named, foreign, isBig)
            with _ ->
                (records :> IDisposable).Dispose()
                reraise ())

    /// Opens a file; `entry` as for `Read`.
    /// Raises InvalidDataException, saying what is wrong, when it is no such file, or holds no state dict or several;
    /// FileNotFoundException and its like when there is none.
    static member Open(path: string, entry: string | null) : PickledTensors =
        let stream =
            new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read ||| FileShare.Delete, 1 <<< 16)

        try
            PickledTensors.Read(stream, $"\"{path}\"", entry)
        with _ ->
            stream.Dispose()
            reraise ()

    /// The names, dtypes and shapes of the tensors, in the order of the state dict.
    member _.Entries: IReadOnlyList<WeightEntry> =
        [|
            for struct (name, tensor) in named ->
                {
                    Name = name
                    Dtype = tensor.Storage.Dtype
                    Shape = Array.copy tensor.Shape
                }
        |]

    /// The full names of classes and functions that the file would have Python use besides those of tensors, for example
    /// `argparse.Namespace`. They were left out.
    member _.Foreign: IReadOnlyList<string> = foreign

    /// A new tensor on the CPU with the content of the one of this name; it may be a view, with the strides that it was saved
    /// with. You own it.
    /// Raises InvalidDataException when there is none, or its bytes are not what they were.
    member _.Tensor(name: string) : torch.Tensor =
        ArgumentNullException.ThrowIfNull(name, nameof name)

        clearly title (fun () ->
            match byName.TryGetValue name with
            | false, _ -> raise (InvalidDataException $"it has no tensor \"{name}\"")
            | true, tensor ->
                let whole =
                    match last with
                    | ValueSome(struct (storage, whole)) when obj.ReferenceEquals(storage, tensor.Storage) -> whole
                    | _ ->
                        match last with
                        | ValueSome(struct (_, before)) -> before.Dispose()
                        | ValueNone -> ()

                        last <- ValueNone
                        let whole = (readStorage tensor.Storage).DetachFromDisposeScope()
                        last <- ValueSome(struct (tensor.Storage, whole))
                        whole

                whole.as_strided (tensor.Shape, tensor.Strides, tensor.Offset))

    interface IDisposable with
        member _.Dispose() =
            match last with
            | ValueSome(struct (_, whole)) -> whole.Dispose()
            | ValueNone -> ()

            last <- ValueNone
            (records :> IDisposable).Dispose()
