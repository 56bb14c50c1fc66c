module MetricLearning.Core.Tests.Data.Pictures.FormatTests

open System
open System.Drawing
open System.IO
open Expecto
open FsCheck
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.PictureFolders

let tests =
    testList
        "formats of pictures"
        [
            test "floats are normalized, and bytes by the trunk's first layer to the same" {
                Folders.using (fun folder ->
                    let set = made 1 1 folder
                    let means, deviations = [ 0.5; 0.4; 0.3 ], [ 0.2; 0.3; 0.4 ]
                    let floats' = PictureFormat(3, 3, Means = means, Deviations = deviations)
                    let bytes = PictureFormat(3, 3, Numbers = PictureNumbers.Bytes)
                    use layer = new PictureNormalization(means, deviations)
                    use expected = floats'.ToTensor(floats'.Read(set.PathOf 0))
                    use raw = bytes.ToTensor(bytes.Read(set.PathOf 0)).unsqueeze 0L
                    use actual = layer.call raw

                    for one, other in Array.zip (floats actual) (floats expected) do
                        Expect.isLessThan (abs (one - other)) 1e-5 "the same number"

                    throws<ArgumentException> "Numbers = PictureNumbers.Bytes" (fun () -> layer.call actual |> ignore)

                    throws<ArgumentException> "a single picture is a batch of one" (fun () ->
                        layer.call (raw.squeeze 0L) |> ignore)

                    throws<ArgumentException> "Means has 3 numbers" (fun () ->
                        let grey = PictureFormat(3, 3, Gray = true, Means = means)
                        grey.ToTensor(grey.Read(set.PathOf 0)) |> ignore))
            }

            test "a picture of another shape is stretched, covered or contained" {
                // Red, green, green, blue side by side.
                let wide =
                    PictureBytesByHand.rgba 10 40 (fun _ x ->
                        match x / 10 with
                        | 0 -> 255uy, 0uy, 0uy, 255uy
                        | 3 -> 0uy, 0uy, 255uy, 255uy
                        | _ -> 0uy, 255uy, 0uy, 255uy)

                let colors (fit: PictureFit) =
                    let picture = PictureFormat(8, 8, Fit = fit).Decode(wide, "file")

                    let at y x =
                        Color.FromArgb(int (picture.Pixels.Span[4 * (8 * y + x) + 3]), 0, 0, 0).A,
                        picture.Pixels.Span[4 * (8 * y + x) + 1]

                    [ at 4 0; at 4 4; at 0 4 ]

                Expect.equal (colors PictureFit.Stretch) [ 255uy, 0uy; 255uy, 255uy; 255uy, 255uy ] "stretched"
                Expect.equal (colors PictureFit.Cover) [ 255uy, 255uy; 255uy, 255uy; 255uy, 255uy ] "covered"
                Expect.equal (colors PictureFit.Contain) [ 255uy, 0uy; 255uy, 255uy; 0uy, 0uy ] "contained"
            }

            test "the part that is covered is the middle, and no picture is too thin" {
                let format height width fit = PictureFormat(height, width, Fit = fit)
                // Black but for a white square in the middle.
                let wide =
                    PictureBytesByHand.rgba 20 60 (fun _ x ->
                        if x >= 20 && x < 40 then
                            (255uy, 255uy, 255uy, 255uy)
                        else
                            (0uy, 0uy, 0uy, 255uy))

                let covered = (format 10 10 PictureFit.Cover).Decode(wide, "file")
                Expect.equal (Seq.distinct (covered.Pixels.ToArray()) |> Seq.toList) [ 255uy ] "white"

                for height, width in [ 1, 100_000; 100_000, 1 ] do
                    let thin = PictureBytesByHand.rgba height width (fun _ _ -> 9uy, 9uy, 9uy, 255uy)

                    for fit in Enum.GetValues<PictureFit>() do
                        let picture = (format 40 30 fit).Decode(thin, "file")
                        Expect.equal (picture.Height, picture.Width) (40, 30) $"{fit}"
                        Expect.contains (picture.Pixels.ToArray()) 9uy $"{fit}"
            }

            test "a picture as a PNG file is the picture" {
                let picture = PictureBytesByHand.random 5 12 9
                let again = Decoding.decode "file" (picture.ToPng()) 0 1000L

                for one, other in Array.zip (again.Pixels.ToArray()) (picture.Pixels.ToArray()) do
                    // A file has colours that are not multiplied by alpha.
                    Expect.isLessThanOrEqual (abs (int one - int other)) 1 "the same"
            }

            test "pictures are read once, as many as the budget holds" {
                Folders.using (fun folder ->
                    let set = made 1 4 folder
                    let cached = PictureFormat(100, 100, CacheBytes = 100_000L)
                    let before = [ for index in 0..3 -> cached.Read(set.PathOf index) ]

                    for index in 0..3 do
                        File.Delete(set.PathOf index)

                    for index in 0..1 do
                        Expect.isTrue (obj.ReferenceEquals(cached.Read(set.PathOf index), before[index])) "kept"

                    for index in 2..3 do
                        throws<PictureException> (set.PathOf index) (fun () -> cached.Read(set.PathOf index) |> ignore))
            }

            testPropertyWithConfig Checked.config "a cache's budget holds however many threads ask"
            <| fun (PositiveInt budget) ->
                let cache = PictureCache(int64 budget * 1000L)

                Threading.Tasks.Parallel.For(
                    0,
                    200,
                    fun number ->
                        cache.Get(string (number % 50), fun _ -> PictureBytesByHand.random number 10 10)
                        |> ignore
                )
                |> ignore

                Expect.isLessThanOrEqual cache.Used (int64 budget * 1000L) "within"
        ]
