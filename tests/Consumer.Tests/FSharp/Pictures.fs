/// The page of pictures.
module PictureShop.Pictures

open System
open System.Drawing
open System.IO
open System.Threading
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core

let private drawn (number: int) : byte[] =
    let pixels = Array.zeroCreate<byte>(4 * 20 * 30)
    (Seed.Of(1L).Derive("picture", int64 number).Random()).NextBytes pixels
    Picture.FromPixels(20, 30, ReadOnlySpan pixels).ToPng()

let private training =
    test "pictures of a folder train" {
        let folder = Directory.CreateTempSubdirectory("pictures-").FullName

        for number in 0..15 do
            let file = Path.Combine(folder, $"class {number / 4}", $"{number}.png")
            Directory.CreateDirectory(nonNull (Path.GetDirectoryName file)) |> ignore
            File.WriteAllBytes(file, drawn number)

        let all = PictureSet.FromFolder(folder, OnBroken.Skip)
        let struct (train, test) = all.SplitByClass(0.75, Seed.Of 1L)

        Expect.equal (train.Count, test.Count, all.Skipped.Count) (12, 4, 0) "split"

        let format =
            PictureFormat(
                32,
                32,
                Fit = PictureFit.Contain,
                Background = Color.White,
                Numbers = PictureNumbers.Bytes,
                CacheBytes = 1_000_000_000L
            )

        let augmentation =
            Augment.Compose(
                Augment.Rotate 10.0,
                Augment.Shift 0.1,
                Augment.ColorJitter(brightness = 0.3, contrast = 0.3),
                Augment.Maybe(0.2, Augment.OneOf(Augment.Grayscale(), Augment.Blur(0.5, 1.5)))
            )

        use normalization =
            new PictureNormalization([ 0.5; 0.5; 0.5 ], [ 0.25; 0.25; 0.25 ])

        let trunk =
            torch.nn.Sequential(
                normalization,
                torch.nn.Conv2d(3L, 16L, 3L),
                torch.nn.AdaptiveAvgPool2d 1L,
                torch.nn.Flatten()
            )

        let run =
            Setup.prepare
                MetricLossOnly.recipe
                (RunOptions(
                    Models = Models(Trunk = trunk),
                    LossFuncs = LossFuncs(MetricLoss = new SupConLoss(temperature = 0.1)),
                    Optimizers = Optimizers(Trunk = PureOptimizer.Adam 1e-3),
                    BatchSize = 8,
                    Dataset = train.ToTrainingData(format, augmentation),
                    DataloaderNumWorkers = 2
                ))

        use session = Session.Start run

        for event in session.Train(None, 2, CancellationToken.None) do
            if event.IsEpochEnded then
                printfn $"Epoch {session.Progress.Epoch}: waited {session.WaitedForData.TotalSeconds:F1} s"

        Expect.equal session.Progress.Epoch 2 "epochs"
        Directory.Delete(folder, true)
    }

let private ones =
    test "an augmentation of one's own is a function" {
        let darker =
            Augment.Of(fun picture seed ->
                let factor = 0.5 + 0.5 * seed.Random().NextDouble()
                // Every fourth byte is alpha.
                let changed place value =
                    if place % 4 = 3 then value else byte (factor * float value)

                let pixels = picture.Pixels.ToArray() |> Array.mapi changed
                Picture.FromPixels(picture.Height, picture.Width, ReadOnlySpan pixels))

        let white = Picture.FromPixels(1, 1, ReadOnlySpan [| 255uy; 255uy; 255uy; 255uy |])
        Expect.isLessThan ((darker.Apply(white, Seed.Of 1L)).Pixels.Span[0]) 255uy "darker"
    }

let tests = testList "pictures" [ training; ones ]
