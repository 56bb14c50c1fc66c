/// Pictures of every format that were cut off or changed: each is read as a picture or refused, and none ends the process.
module MetricLearning.Endurance.DamagedPictures

open System
open System.Buffers.Binary
open System.IO
open System.IO.Hashing
open SkiaSharp
open MetricLearning
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.PictureBytesByHand

let private height, width = 24, 33

// Shades, lines and transparent parts, so that encoders use all that they have.
let private drawn y x : Pixel =
    byte (10 * y), byte (7 * x), (if (x + y) % 5 = 0 then 255uy else 0uy), (if x < 8 then byte (30 * x) else 255uy)

let private files: (string * byte[]) list =
    let encoded format = encoded format height width drawn

    [
        "PNG", rgba height width drawn
        "PNG of 16 bits", png 16 2 height width (fun y -> Array.init (6 * width) (fun at -> byte (at * y)))
        "PNG of SkiaSharp", encoded SKEncodedImageFormat.Png
        "JPEG", encoded SKEncodedImageFormat.Jpeg
        "JPEG with orientation", oriented 6 (encoded SKEncodedImageFormat.Jpeg)
        "WebP", encoded SKEncodedImageFormat.Webp
        "BMP", bmp height width drawn
        "GIF", gif height width [ (fun y x -> (x + y) % 4); (fun y x -> x * y % 4) ]
    ]

// A PNG whose checksums fit, as somebody would write who means harm.
let private withSums (file: byte[]) : byte[] =
    let file = Array.copy file
    let mutable at = 8

    while at + 12 <= file.Length do
        let length = int64 (BinaryPrimitives.ReadUInt32BigEndian(ReadOnlySpan(file, at, 4)))

        if int64 at + 12L + length <= int64 file.Length then
            let sum = Crc32.HashToUInt32(ReadOnlySpan(file, at + 4, int length + 4))
            BinaryPrimitives.WriteUInt32BigEndian(file.AsSpan(at + 8 + int length), sum)

            at <- at + 12 + int length
        else
            at <- file.Length

    file

/// Reads `count` damaged files of each format; true if each was read or refused. Should the process end, the file that it
/// read is left in the folder that was named.
let run (count: int) : bool =
    let folder = (Directory.CreateTempSubdirectory "pictures").FullName
    printfn "The file being read is in %s" folder
    let format = PictureFormat(16, 16, MaxPixels = 4_000_000L)
    let mutable wrong = 0

    for name, file in files do
        format.Decode(file, name) |> ignore
        let path = Path.Combine(folder, name)
        let mutable refused, read = 0, 0

        for number in 0 .. count - 1 do
            let changed = Mutations.ofBytes number file
            File.WriteAllBytes(path, (if number % 3 = 0 then withSums changed else changed))

            try
                use tensor = format.ToTensor(format.Read path)
                read <- read + 1
            with
            | :? PictureException as error when error.Message.Contains path -> refused <- refused + 1
            | error ->
                wrong <- wrong + 1
                printfn "WRONG %s, number %d: %O" name number error

        File.Delete path
        printfn "%s: %d refused, %d read" name refused read

    Directory.Delete(folder, true)
    printfn "%d passed, %d failed" (count * files.Length - wrong) wrong
    wrong = 0
