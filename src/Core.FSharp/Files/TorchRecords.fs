namespace MetricLearning

open System
open System.Collections.Generic
open System.IO
open System.IO.Compression
open System.IO.Hashing

/// The zip archive of `torch.save`: records stored as they are, all in one folder.
[<Sealed>]
type internal TorchRecords(stream: Stream) =
    let archive = new ZipArchive(stream, ZipArchiveMode.Read, false)
    let byName = Dictionary<string, ZipArchiveEntry>()

    do
        for entry in archive.Entries do
            if not (byName.TryAdd(entry.FullName, entry)) then
                raise (InvalidDataException $"its archive has two records \"{entry.FullName}\"")

    let folder =
        let pickles =
            [
                for name in byName.Keys do
                    if name.EndsWith("/data.pkl", StringComparison.Ordinal) then
                        name[.. name.Length - "data.pkl".Length - 1]
            ]

        match pickles with
        | [ folder ] -> folder
        | [] -> raise (InvalidDataException "its archive has no data.pkl: it was not written by torch.save")
        | _ -> raise (InvalidDataException "its archive has several data.pkl")

    /// The record of this name; null when there is none.
    member _.Find(name: string) : ZipArchiveEntry | null =
        match byName.TryGetValue(folder + name) with
        | true, entry -> entry
        | _ -> null

    /// True if it is a TorchScript module: a program with its weights.
    member this.IsScript: bool =
        not (isNull (this.Find "constants.pkl"))
        || byName.Keys
           |> Seq.exists _.StartsWith(folder + "code/", StringComparison.Ordinal)

    /// Calls `read` with the content of a record and its length.
    member this.Read(name: string, length: int64, read: Stream -> Crc32 -> unit) : unit =
        match this.Find name with
        | null -> raise (InvalidDataException $"its archive has no record \"{name}\"")
        | entry ->
            // Then no record is longer than the file.
            if entry.CompressedLength <> entry.Length || entry.Length > stream.Length then
                raise (InvalidDataException $"its record \"{name}\" is compressed, which torch.save never does")

            if entry.Length <> length then
                raise (InvalidDataException $"its record \"{name}\" has {entry.Length} bytes, not {length}")

            use content = entry.Open()
            let crc = Crc32()
            read content crc

            // PyTorch can be told to leave the checksums out.
            if entry.Crc32 <> 0u && entry.Crc32 <> crc.GetCurrentHashAsUInt32() then
                raise (InvalidDataException $"its record \"{name}\" does not match its checksum: the file was damaged")

    /// The content of a short record.
    member this.Bytes(name: string, longest: int64) : byte[] =
        match this.Find name with
        | null -> raise (InvalidDataException $"its archive has no record \"{name}\"")
        | entry ->
            if entry.Length > longest then
                raise (InvalidDataException $"its record \"{name}\" has {entry.Length} bytes, more than {longest}")

            // Only what is there: a length alone costs no memory.
            if entry.Length > stream.Length then
                raise (InvalidDataException $"its record \"{name}\" is longer than the file")

            let bytes = Array.zeroCreate<byte>(int entry.Length)

            this.Read(
                name,
                entry.Length,
                fun content crc ->
                    content.ReadExactly(bytes, 0, bytes.Length)
                    crc.Append(ReadOnlySpan bytes)
            )

            bytes

    interface IDisposable with
        member _.Dispose() = archive.Dispose()
