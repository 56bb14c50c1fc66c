namespace MetricLearning

open System
open System.Buffers.Binary
open System.Collections.Generic
open System.IO
open System.Security.Cryptography
open TorchSharp

/// The content of a file: bytes that go out and, if it is sealed, their hash.
[<Sealed>]
type private SafetensorsOutput(stream: Stream, isSealed: bool) =
    let hash = IncrementalHash.CreateHash HashAlgorithmName.SHA256

    member _.Write(bytes: ReadOnlySpan<byte>) : unit =
        if isSealed then
            hash.AppendData bytes

        stream.Write bytes

    /// The hash of everything written so far.
    member _.Hash: byte[] = hash.GetCurrentHash()

    interface IDisposable with
        member _.Dispose() = hash.Dispose()

/// Writing safetensors files: tensors by name and strings, which Python and others read too. Files of the same tensors are
/// the same bytes.
[<AbstractClass; Sealed>]
type Safetensors =

    /// The tensor that seals a file: the SHA-256 of every byte before it.
    static member internal Seal = "sha256"

    static member private Put
        (
            stream: Stream,
            tensors: struct (string * torch.Tensor) seq,
            metadata: IEnumerable<KeyValuePair<string, string>>,
            isSealed: bool
        ) : unit =
        ArgumentNullException.ThrowIfNull(stream, nameof stream)
        ArgumentNullException.ThrowIfNull(tensors, nameof tensors)
        ArgumentNullException.ThrowIfNull(metadata, nameof metadata)
        let names = HashSet<string>()

        let described =
            [|
                for struct (name, tensor) in tensors do
                    if isNull (box name) || isNull (box tensor) then
                        invalidArg (nameof tensors) "A tensor or its name is null: leave it out."

                    if name = SafetensorsHeader.Metadata || not (names.Add name) then
                        raise (ArgumentException $"A safetensors file cannot have two entries named \"{name}\".")

                    let struct (_, size) = SafetensorsHeader.describe name tensor.dtype
                    struct (name, tensor, tensor.dtype, tensor.shape, size)
            |]
            // Wide elements first, so that all lie at multiples of their size; else as given.
            |> Array.indexed
            |> Array.sortBy (fun (index, struct (_, _, _, _, size)) -> struct (-size, index))
            |> Array.map snd

        let place offset (struct (name, tensor: torch.Tensor, dtype, shape, size)) =
            let length = size * tensor.numel ()

            struct (tensor,
                    {
                        Name = name
                        Dtype = dtype
                        Shape = shape
                        Offset = offset
                        Length = length
                    }),
            offset + length

        let placed, length = Array.mapFold place 0L described

        let seal =
            [|
                if isSealed then
                    {
                        Name = Safetensors.Seal
                        Dtype = torch.ScalarType.Byte
                        Shape = [| 32L |]
                        Offset = length
                        Length = 32L
                    }
            |]

        let entries = Array.append [| for struct (_, entry) in placed -> entry |] seal

        if isSealed && names.Contains Safetensors.Seal then
            raise (ArgumentException $"The name \"{Safetensors.Seal}\" is that of the hash of a sealed file.")

        let header = SafetensorsHeader.render entries metadata
        use output = new SafetensorsOutput(stream, isSealed)
        let prefix = Array.zeroCreate<byte> 8
        BinaryPrimitives.WriteInt64LittleEndian(Span prefix, header.LongLength)
        output.Write(ReadOnlySpan prefix)
        output.Write(ReadOnlySpan header)

        for struct (tensor, _) in placed do
            use _ = torch.NewDisposeScope()
            let here = tensor.detach().cpu().contiguous()
            TensorBytes.iterate here (fun part -> output.Write(Span.op_Implicit part.bytes))

        if isSealed then
            output.Write(ReadOnlySpan output.Hash)

    /// Writes tensors by name, of any shape, strides and device, and strings to a stream.
    /// Raises ArgumentException for a name that is there twice and for a dtype that the format does not have.
    static member Write
        (
            stream: Stream,
            tensors: struct (string * torch.Tensor) seq,
            metadata: IEnumerable<KeyValuePair<string, string>>
        ) : unit =
        Safetensors.Put(stream, tensors, metadata, false)

    /// The same, with one tensor more at the end, `sha256`: the hash of every byte before it, which `SafetensorsFile.OpenSealed`
    /// checks. Other readers see it as a tensor of 32 bytes.
    static member WriteSealed
        (
            stream: Stream,
            tensors: struct (string * torch.Tensor) seq,
            metadata: IEnumerable<KeyValuePair<string, string>>
        ) : unit =
        Safetensors.Put(stream, tensors, metadata, true)

    /// Writes a file; see `DurableFile.Write` for what happens when that fails.
    static member Save
        (path: string, tensors: struct (string * torch.Tensor) seq, metadata: IEnumerable<KeyValuePair<string, string>>)
        : unit =
        DurableFile.Write(path, fun stream -> Safetensors.Write(stream, tensors, metadata))
