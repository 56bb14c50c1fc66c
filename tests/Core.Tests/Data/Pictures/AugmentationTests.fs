module MetricLearning.Core.Tests.Data.Pictures.AugmentationTests

open System
open System.Numerics
open Expecto
open FsCheck
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support

let private picture number = PictureBytesByHand.random number 17 22
let private bytes (picture: Picture) = picture.Pixels.ToArray()

// A broad hill of colour, which no interpolation may change much.
let private smooth height width =
    let bytes =
        [|
            for y in 0 .. height - 1 do
                for x in 0 .. width - 1 do
                    let up = Math.Sin(Math.PI * float y / float height)
                    let along = Math.Sin(Math.PI * float x / float width)
                    yield! [| byte (200.0 * up); byte (200.0 * along); byte (200.0 * up * along); 255uy |]
        |]

    Picture.FromPixels(height, width, ReadOnlySpan bytes)

let private middle (picture: Picture) =
    [|
        for y in picture.Height / 4 .. 3 * picture.Height / 4 do
            for x in 4 * (picture.Width / 4) .. 4 * (3 * picture.Width / 4) do
                int (picture.Pixels.Span[4 * y * picture.Width + x])
    |]

let private near (most: int) (one: Picture) (other: Picture) (what: string) =
    Expect.equal (one.Height, one.Width) (other.Height, other.Width) what

    let distance =
        Array.map2 (fun one other -> abs (one - other)) (middle one) (middle other)

    Expect.isLessThanOrEqual (Array.max distance) most what

let private step (parts: Augmentation[]) (picture: Picture) =
    Augment.Compose(parts).Apply(picture, Seed.ofInt64 5L)

let tests =
    testList
        "augmentations"
        [
            test "every one is tested" { Expect.equal EveryAugmentation.forgotten [] "methods of Augment" }

            testPropertyWithConfig Checked.config "the same picture and seed give the same bytes, and the picture stays"
            <| fun (number: int) ->
                for augmentation in EveryAugmentation.all do
                    let source = picture number
                    let before = bytes source
                    let seed = Seed.ofInt64 (int64 number)
                    let one = augmentation.Apply(source, seed)
                    let other = augmentation.Apply(picture number, seed)
                    Expect.equal (bytes one) (bytes other) $"{augmentation}"
                    Expect.equal (bytes source) before $"{augmentation}: the source"

            testPropertyWithConfig Checked.config "no colour is above its alpha"
            <| fun (number: int) ->
                for augmentation in EveryAugmentation.all do
                    let result = bytes (augmentation.Apply(picture number, Seed.ofInt64 (int64 number)))

                    for at in 0..4 .. result.Length - 4 do
                        Expect.isTrue
                            (Array.forall (fun channel -> result[at + channel] <= result[at + 3]) [| 0; 1; 2 |])
                            $"{augmentation}"

            test "other seeds give other bytes" {
                for augmentation in EveryAugmentation.all do
                    let results =
                        [
                            for number in 1L .. 40L -> bytes (augmentation.Apply(picture 1, Seed.ofInt64 number))
                        ]

                    let isOfChance =
                        not (
                            Array.contains
                                (string augmentation)
                                [| "Mirror()"; "CenterCrop(9, 30)"; "Grayscale()"; "Invert()" |]
                        )

                    Expect.equal (List.length (List.distinct results) > 1) isOfChance $"{augmentation}"
            }

            testPropertyWithConfig
                Checked.config
                "drawn together, changes of place and colour are those drawn one by one"
            <| fun (number: int) ->
                let source = smooth 60 80
                let seed = Seed.ofInt64 (int64 number)

                let parts =
                    [|
                        Augment.Rotate 20.0
                        Augment.ColorJitter(0.2, 0.2, 0.2, 0.05)
                        Augment.Scale(0.9, 1.1)
                        Augment.Mirror()
                        Augment.Shift 0.05
                    |]

                let apart =
                    parts
                    |> Array.indexed
                    |> Array.fold
                        (fun (picture: Picture) (place, part) ->
                            part.Apply(picture, Seed.derive "augmentation" (int64 place) seed))
                        source

                near 8 (Augment.Compose(parts).Apply(source, seed)) apart "one drawing"

            test "twice mirrored, twice inverted or turned by nothing is the picture" {
                for number in 1..20 do
                    let source = picture number

                    for augmentation in [ Augment.Mirror(); Augment.Invert() ] do
                        let once = augmentation.Apply(source, Seed.ofInt64 0L)
                        Expect.notEqual (bytes once) (bytes source) $"{augmentation}"

                        Expect.equal
                            (bytes (augmentation.Apply(once, Seed.ofInt64 0L)))
                            (bytes source)
                            $"{augmentation}"

                    Expect.equal
                        (bytes (step [| Augment.Rotate 0.0; Augment.Shift 0.0 |] source))
                        (bytes source)
                        "at rest"
            }

            test "whole pixels moved are those pixels" {
                let source = picture 3
                let crop = Augment.CenterCrop(5, 8).Apply(source, Seed.ofInt64 0L)

                for y in 0..4 do
                    let row = crop.Pixels.Slice(4 * 8 * y, 32).ToArray()
                    let from = source.Pixels.Slice(4 * (22 * (y + 6) + 7), 32).ToArray()
                    Expect.equal row from $"row {y}"
            }

            test "a turn by a quarter moves every pixel" {
                let source = PictureBytesByHand.random 4 9 9

                let turned =
                    Redraw.draw source 9 9 (Matrix3x2(0f, 1f, -1f, 0f, 9f, 0f)) Matrix4x4.Identity

                for y in 0..8 do
                    for x in 0..8 do
                        let there = 4 * (9 * y + x)
                        let here = 4 * (9 * x + 8 - y)

                        Expect.equal
                            (turned.Pixels.Slice(there, 4).ToArray())
                            (source.Pixels.Slice(here, 4).ToArray())
                            $"{y}, {x}"
            }

            test "a size that does not change the picture keeps its colours" {
                let source = smooth 100 100
                near 3 (Resize.stretch (Resize.stretch source 33 41) 100 100) source "smaller and back"
            }

            test "grey has three equal colours, as bright as before" {
                let source = picture 8
                let grey = bytes (Augment.Grayscale().Apply(source, Seed.ofInt64 0L))
                let before = bytes source

                for at in 0..4 .. grey.Length - 4 do
                    Expect.isTrue (grey[at] = grey[at + 1] && grey[at] = grey[at + 2]) "equal"

                    let bright =
                        0.299 * float before[at]
                        + 0.587 * float before[at + 1]
                        + 0.114 * float before[at + 2]

                    Expect.isLessThan (abs (bright - float grey[at])) 1.0 "brightness"
            }

            test "a maybe is as frequent as it says" {
                let invert = Augment.Maybe(0.3, Augment.Invert())
                let source = picture 2

                let changed =
                    Seq.init 2000 (fun number -> invert.Apply(source, Seed.ofInt64 (int64 number)))
                    |> Seq.filter (fun result -> not (obj.ReferenceEquals(result, source)))
                    |> Seq.length

                Expect.isLessThan (abs (changed - 600)) 80 "600 of 2,000"
            }

            test "arguments out of range are refused by name" {
                for argument, make in
                    [
                        "part", (fun () -> Augment.Shift 1.5)
                        "low", (fun () -> Augment.Scale(0.0, 1.0))
                        "high", (fun () -> Augment.Scale(1.0, 0.5))
                        "degrees", (fun () -> Augment.Rotate nan)
                        "height", (fun () -> Augment.Crop(0, 5))
                        "hue", (fun () -> Augment.ColorJitter(hue = 0.6))
                        "probability", (fun () -> Augment.Maybe(1.1, Augment.Flip()))
                        "high", (fun () -> Augment.Erase(0.1, 1.1))
                    ] do
                    Expectations.throws<ArgumentException> argument (make >> ignore)
            }

            test "one's own that returns nothing is named" {
                let none = Augment.Of(fun _ _ -> Unchecked.defaultof<Picture>)

                Expectations.throws<InvalidOperationException> "The augmentation returned null" (fun () ->
                    none.Apply(picture 1, Seed.ofInt64 1L) |> ignore)
            }
        ]
