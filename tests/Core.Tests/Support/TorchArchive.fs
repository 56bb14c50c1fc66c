/// The zip files of `torch.save`, byte for byte as PyTorch's writer makes them.
module MetricLearning.Core.Tests.Support.TorchArchive

open System
open System.IO
open System.Text

let private crc (content: byte[]) : uint32 =
    let mutable crc = 0xFFFFFFFFu

    for value in content do
        crc <- crc ^^^ uint32 value

        for _ in 1..8 do
            crc <- (crc >>> 1) ^^^ (if crc &&& 1u = 1u then 0xEDB88320u else 0u)

    ~~~crc

/// The archive of these records, by their names without the folder that all lie in. Each begins at a multiple of 64 bytes,
/// behind padding of the letter Z; sizes and checksums follow the content.
let write (folder: string) (records: (string * byte[]) list) : byte[] =
    use stream = new MemoryStream()
    use output = new BinaryWriter(stream)

    let placed =
        [
            for name, content in records do
                let place = stream.Position
                let path = Encoding.UTF8.GetBytes $"{folder}/{name}"
                let start = int place + 30 + path.Length + 4
                let padding = (64 - start % 64) % 64
                output.Write [| 0x50uy; 0x4Buy; 3uy; 4uy; 0uy; 0uy; 8uy; 8uy |]
                output.Write(Array.zeroCreate<byte> 18)
                output.Write(uint16 path.Length)
                output.Write(uint16 (padding + 4))
                output.Write path
                output.Write [| byte 'F'; byte 'B' |]
                output.Write(uint16 padding)
                output.Write(Array.create padding (byte 'Z'))
                output.Write content
                output.Write [| 0x50uy; 0x4Buy; 7uy; 8uy |]
                output.Write(crc content)
                output.Write content.Length
                output.Write content.Length
                path, content, place
        ]

    let directory = stream.Position

    for path, content, place in placed do
        output.Write
            [|
                0x50uy
                0x4Buy
                1uy
                2uy
                0uy
                0uy
                0uy
                0uy
                8uy
                8uy
                0uy
                0uy
                0uy
                0uy
                0uy
                0uy
            |]

        output.Write(crc content)
        output.Write content.Length
        output.Write content.Length
        output.Write(uint16 path.Length)
        output.Write(Array.zeroCreate<byte> 12)
        output.Write(uint32 place)
        output.Write path

    let ending = stream.Position
    let length = ending - directory
    let count = records.Length
    // The record and the locator of zip64, then the plain one.
    output.Write [| 0x50uy; 0x4Buy; 6uy; 6uy |]
    output.Write 44L
    output.Write [| 0x1Euy; 3uy; 45uy; 0uy |]
    output.Write 0L
    output.Write(int64 count)
    output.Write(int64 count)
    output.Write length
    output.Write directory
    output.Write [| 0x50uy; 0x4Buy; 6uy; 7uy; 0uy; 0uy; 0uy; 0uy |]
    output.Write ending
    output.Write 1
    output.Write [| 0x50uy; 0x4Buy; 5uy; 6uy; 0uy; 0uy; 0uy; 0uy |]
    output.Write(uint16 count)
    output.Write(uint16 count)
    output.Write(uint32 length)
    output.Write(uint32 directory)
    output.Write 0us
    output.Flush()
    stream.ToArray()
