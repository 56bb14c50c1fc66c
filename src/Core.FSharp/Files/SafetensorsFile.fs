namespace MetricLearning

open System
open System.Buffers.Binary
open System.Collections.Generic
open System.IO
open System.Security.Cryptography
open TorchSharp

/// A safetensors file that is open for reading. Its header was checked: names, shapes and dtypes fit the bytes, each of which
/// belongs to one tensor. Tensors are read when they are asked for.
[<Sealed>]
type SafetensorsFile
    private
    (
        stream: Stream,
        title: string,
        entries: SafetensorsEntry[],
        metadata: IReadOnlyDictionary<string, string>,
        dataStart: int64
    ) =
    let byName =
        Dictionary(entries |> Seq.map (fun entry -> KeyValuePair(entry.Name, entry)))

    let fill (entry: SafetensorsEntry) (tensor: torch.Tensor) : unit =
        stream.Position <- dataStart + entry.Offset

        TensorBytes.iterate tensor (fun part ->
            let bytes = part.bytes
            stream.ReadExactly bytes

            // Another byte would be neither true nor false.
            if entry.Dtype = torch.ScalarType.Bool && bytes.ContainsAnyExceptInRange(0uy, 1uy) then
                raise (
                    InvalidDataException
                        $"{title}: the tensor \"{entry.Name}\" of dtype BOOL has a byte that is neither 0 nor 1."
                ))

    /// The stream, which belongs to the result, must be able to seek and stand at the beginning; messages use `title`.
    /// Raises InvalidDataException, saying what is wrong, when it is not a safetensors file to the last byte.
    static member Read(stream: Stream, title: string) : SafetensorsFile =
        ArgumentNullException.ThrowIfNull(stream, nameof stream)
        ArgumentNullException.ThrowIfNull(title, nameof title)

        let fail (message: string) =
            raise (InvalidDataException $"{title} is no readable safetensors file: {message}.")

        let length = stream.Length

        if length < 8L then
            fail $"it has {length} bytes, less than the length of a header"

        let prefix = Array.zeroCreate<byte> 8
        stream.ReadExactly(prefix, 0, 8)
        let size = BinaryPrimitives.ReadUInt64LittleEndian(ReadOnlySpan prefix)

        if size > uint64 SafetensorsHeader.MaxLength then
            fail $"its header would have {size} bytes, more than the {SafetensorsHeader.MaxLength} that are allowed"

        if size > uint64 (length - 8L) then
            fail $"its header would have {size} bytes, of which {length - 8L} are there"

        let header = Array.zeroCreate<byte>(int size)
        stream.ReadExactly(header, 0, header.Length)
        let start = 8L + header.LongLength

        let struct (entries, metadata) =
            try
                SafetensorsHeader.parse header (length - start)
            with :? InvalidDataException as error ->
                fail error.Message

        new SafetensorsFile(stream, title, entries, metadata, start)

    /// Opens a file. It may be replaced meanwhile: this goes on reading the old one.
    /// Raises InvalidDataException, saying what is wrong, when it is not a safetensors file to the last byte;
    /// FileNotFoundException and its like when there is none.
    static member Open(path: string) : SafetensorsFile =
        let stream =
            new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read ||| FileShare.Delete, 1 <<< 16)

        try
            SafetensorsFile.Read(stream, $"\"{path}\"")
        with _ ->
            stream.Dispose()
            reraise ()

    /// The strings of the file.
    member _.Metadata = metadata

    /// The tensors of the file, in the order of their bytes.
    member _.Entries: IReadOnlyList<SafetensorsEntry> = entries

    /// True if there is a tensor of this name.
    member _.Contains(name: string) : bool =
        ArgumentNullException.ThrowIfNull(name, nameof name)
        byName.ContainsKey name

    /// The tensor of this name, without its content.
    /// Raises InvalidDataException when there is none.
    member _.Entry(name: string) : SafetensorsEntry =
        ArgumentNullException.ThrowIfNull(name, nameof name)

        match byName.TryGetValue name with
        | true, entry -> entry
        | _ -> raise (InvalidDataException $"{title} has no tensor \"{name}\".")

    /// A new tensor on the CPU with the content of the one of this name. You own it.
    /// Raises InvalidDataException when there is none.
    member this.Tensor(name: string) : torch.Tensor =
        let entry = this.Entry name
        let tensor = torch.empty (entry.Shape, dtype = entry.Dtype)

        try
            fill entry tensor
            tensor
        with _ ->
            tensor.Dispose()
            reraise ()

    /// Writes the content of a tensor of the file into a tensor on any device.
    /// Raises InvalidDataException when there is none of this name, or one of another shape or dtype.
    member this.CopyTo(name: string, target: torch.Tensor) : unit =
        ArgumentNullException.ThrowIfNull(target, nameof target)
        let entry = this.Entry name

        if entry.Dtype <> target.dtype || entry.Shape <> target.shape then
            raise (
                InvalidDataException
                    $"{title}: the tensor \"{name}\" is {entry.Dtype} of shape {Shape.show entry.Shape}, here it is {target.dtype} of shape {Shape.show target.shape}."
            )

        use _ = torch.no_grad ()

        if target.device_type = DeviceType.CPU && target.is_contiguous () then
            use plain = target.detach ()
            fill entry plain
        else
            use content = this.Tensor name
            target.copy_ content |> ignore

    /// Raises InvalidDataException unless the file was sealed by `Safetensors.WriteSealed` and no byte has changed since. Reads the
    /// whole file.
    member this.CheckSeal() : unit =
        let last =
            if entries.Length = 0 then
                None
            else
                Some(Array.last entries)

        match last with
        | Some seal when
            seal.Name = Safetensors.Seal
            && seal.Dtype = torch.ScalarType.Byte
            && seal.Length = 32L
            ->
            use hash = IncrementalHash.CreateHash HashAlgorithmName.SHA256
            let buffer = Array.zeroCreate<byte>(1 <<< 20)
            let mutable left = dataStart + seal.Offset
            stream.Position <- 0L

            while left > 0L do
                let count = int (min left buffer.LongLength)
                stream.ReadExactly(buffer, 0, count)
                hash.AppendData(buffer, 0, count)
                left <- left - int64 count

            let written = Array.zeroCreate<byte> 32
            stream.ReadExactly(written, 0, 32)

            if not (CryptographicOperations.FixedTimeEquals(hash.GetHashAndReset(), written)) then
                raise (
                    InvalidDataException
                        $"{title} was damaged: its content does not match its checksum. Take an earlier file, or copy it again from where it came."
                )
        | _ ->
            raise (InvalidDataException $"{title} has no checksum at its end; it is no file that this library sealed.")

    interface IDisposable with
        member _.Dispose() = stream.Dispose()
