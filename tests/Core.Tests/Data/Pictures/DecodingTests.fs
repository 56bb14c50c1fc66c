module MetricLearning.Core.Tests.Data.Pictures.DecodingTests

open System
open System.Drawing
open System.IO
open Expecto
open SkiaSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.PictureBytesByHand

let private decode (bytes: byte[]) = Decoding.decode "file" bytes 0 1000000L

let private pixel (picture: Picture) y x =
    picture.Pixels.Slice(4 * (y * picture.Width + x), 4).ToArray()

let private red, green, blue, white =
    [| 255uy; 0uy; 0uy; 255uy |],
    [| 0uy; 255uy; 0uy; 255uy |],
    [| 0uy; 0uy; 255uy; 255uy |],
    [| 255uy; 255uy; 255uy; 255uy |]

// Large patches, which JPEG keeps: red and green above, blue and white below.
let private patches (height: int) (width: int) y x : Pixel =
    match y < height / 2, x < width / 2 with
    | true, true -> 255uy, 0uy, 0uy, 255uy
    | true, false -> 0uy, 255uy, 0uy, 255uy
    | false, true -> 0uy, 0uy, 255uy, 255uy
    | false, false -> 255uy, 255uy, 255uy, 255uy

let private corners (picture: Picture) =
    let bottom, right = picture.Height - 1, picture.Width - 1

    [
        pixel picture 0 0
        pixel picture 0 right
        pixel picture bottom 0
        pixel picture bottom right
    ]

let private near (actual: byte[] list) (expected: byte[] list) (what: string) =
    for actual, expected in List.zip actual expected do
        let distance =
            Array.map2 (fun one other -> abs (int one - int other)) actual expected

        Expect.isLessThan (Array.max distance) 12 $"{what}: {actual} is not {expected}"

let private refused (bytes: byte[]) (reason: string) =
    for text in [ "file"; reason ] do
        Expectations.throws<PictureException> text (fun () -> decode bytes |> ignore)

let tests =
    testList
        "decoding pictures"
        [
            test "every format" {
                let height, width = 16, 32

                let files =
                    [
                        "PNG", rgba height width (patches height width)
                        "BMP", bmp height width (patches height width)
                        "JPEG", encoded SKEncodedImageFormat.Jpeg height width (patches height width)
                        "WebP", encoded SKEncodedImageFormat.Webp height width (patches height width)
                    ]

                for name, bytes in files do
                    let picture = decode bytes
                    Expect.equal (picture.Height, picture.Width) (height, width) name
                    near (corners picture) [ red; green; blue; white ] name
            }

            test "a GIF's first frame" {
                let first y x = if y = 0 then 1 + x % 3 else 0
                let picture = decode (gif 2 3 [ first; (fun _ _ -> 3) ])

                Expect.equal
                    [ pixel picture 0 0; pixel picture 0 1; pixel picture 0 2; pixel picture 1 0 ]
                    [ red; green; blue; [| 0uy; 0uy; 0uy; 255uy |] ]
                    "the palette's colours"
            }

            test "16 bits, grey, grey with alpha" {
                let deep =
                    png 16 2 1 2 (fun _ -> [| 255uy; 255uy; 0uy; 0uy; 0uy; 0uy; 0uy; 0uy; 255uy; 255uy; 0uy; 0uy |])

                Expect.equal [ pixel (decode deep) 0 0; pixel (decode deep) 0 1 ] [ red; green ] "16 bits"
                let grey = decode (png 8 0 1 2 (fun _ -> [| 7uy; 200uy |]))
                Expect.equal (pixel grey 0 1) [| 200uy; 200uy; 200uy; 255uy |] "grey"
                let deepGrey = decode (png 16 0 1 1 (fun _ -> [| 128uy; 128uy |]))
                Expect.equal (pixel deepGrey 0 0) [| 128uy; 128uy; 128uy; 255uy |] "16 bits of grey"
                let faint = decode (png 8 4 1 1 (fun _ -> [| 200uy; 51uy |]))
                Expect.equal (pixel faint 0 0) [| 40uy; 40uy; 40uy; 51uy |] "colours are multiplied by alpha"
            }

            test "upright, however it was held" {
                // Which of the stored corners is seen at the top left, top right, bottom left, bottom right.
                let seen =
                    [
                        1, [ red; green; blue; white ]
                        2, [ green; red; white; blue ]
                        3, [ white; blue; green; red ]
                        4, [ blue; white; red; green ]
                        5, [ red; blue; green; white ]
                        6, [ blue; red; white; green ]
                        7, [ white; green; blue; red ]
                        8, [ green; white; red; blue ]
                    ]

                let stored = encoded SKEncodedImageFormat.Jpeg 16 32 (patches 16 32)

                for orientation, expected in seen do
                    let picture = decode (oriented orientation stored)
                    let size = if orientation < 5 then 16, 32 else 32, 16
                    Expect.equal (picture.Height, picture.Width) size $"orientation {orientation}"
                    near (corners picture) expected $"orientation {orientation}"
            }

            test "transparent parts take the background" {
                let format =
                    PictureFormat(1, 2, Background = Color.FromArgb(0, 100, 200), Numbers = PictureNumbers.Bytes)

                let faint =
                    rgba 1 2 (fun _ x ->
                        if x = 0 then
                            (9uy, 9uy, 9uy, 0uy)
                        else
                            (255uy, 0uy, 0uy, 51uy))

                use tensor = format.ToTensor(format.Decode(faint, "file"))
                Expect.equal (tensor.data<byte>().ToArray()) [| 0uy; 51uy; 100uy; 80uy; 200uy; 160uy |] "one fifth red"
            }

            test "what is no picture says so" {
                refused [||] "the file is empty"
                refused "plain text"B "no PNG, JPEG, WebP, BMP or GIF"
                let whole = rgba 8 8 (patches 8 8)
                refused (Array.truncate 60 whole) "cut off"
                refused (Array.truncate 20 whole) "head"
            }

            test "too many pixels are refused before they are decoded" {
                // It holds one row of the hundred thousand that it announces.
                let bomb =
                    png 8 0 100000 100000 (fun y -> if y = 0 then Array.zeroCreate 100000 else [||])

                refused bomb "100000 × 100000 pixels"
            }

            test "a file that is not there is named" {
                let format = PictureFormat(8, 8)

                for text in [ "/nowhere/at all.png"; "cannot be read" ] do
                    Expectations.throws<PictureException> text (fun () -> format.Read "/nowhere/at all.png" |> ignore)
            }
        ]
