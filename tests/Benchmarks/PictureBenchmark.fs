namespace MetricLearning.Benchmarks

open System
open System.IO
open System.Threading
open System.Threading.Tasks
open SkiaSharp
open TorchSharp
open MetricLearning
open MetricLearning.Core

/// Files to batches of normalized tensors, decoding and augmentation included, against a loop over SkiaSharp.
module PictureBenchmark =

    let private batchSize = 50

    type private Job =
        {
            Name: string
            Format: SKEncodedImageFormat
            /// Height and width of files, and of the square that is read.
            Stored: int * int
            Size: int
        }

    let private jobs =
        [
            {
                Name = "PNG 64 x 64"
                Format = SKEncodedImageFormat.Png
                Stored = 64, 64
                Size = 64
            }
            {
                Name = "JPEG 300 x 400 to 224"
                Format = SKEncodedImageFormat.Jpeg
                Stored = 300, 400
                Size = 224
            }
        ]

    // Some coloured circles a picture, as icons have.
    let private draw (job: Job) (path: string) (number: int) : unit =
        let height, width = job.Stored
        let random = (Seed.ofInt64 (int64 number)).Random()
        use bitmap = new SKBitmap(width, height, SKColorType.Rgba8888, SKAlphaType.Premul)
        use canvas = new SKCanvas(bitmap)
        canvas.Clear SKColors.White

        for _ in 1..6 do
            use paint =
                new SKPaint(Color = SKColor(uint32 (random.Next()) ||| 0xFF000000u), IsAntialias = true)

            let at side = float32 (random.Next side)
            canvas.DrawCircle(at width, at height, at (height / 2), paint)

        use data = bitmap.Encode(job.Format, 90)
        File.WriteAllBytes(path, data.ToArray())

    let private means, deviations = [| 0.5; 0.4; 0.3 |], [| 0.2; 0.3; 0.4 |]

    let private augmentation =
        Augment.Compose(
            Augment.Shift 0.1,
            Augment.Scale(0.8, 1.2),
            Augment.Rotate 15.0,
            Augment.Flip(),
            Augment.ColorJitter(0.2, 0.2, 0.2)
        )

    // The same changes, as somebody would write them who knows that SkiaSharp draws them all at once.
    let private byHand (size: int) (seed: Seed) (path: string) : torch.Tensor =
        let random = seed.Random()

        let between low high =
            low + (high - low) * random.NextSingle()

        use stored = SKBitmap.Decode path
        let info = SKImageInfo(size, size, SKColorType.Rgba8888, SKAlphaType.Premul)
        use drawn = new SKBitmap(info)
        use canvas = new SKCanvas(drawn)
        canvas.Clear SKColors.White
        let middle = 0.5f * float32 size
        canvas.Translate(middle + between -0.1f 0.1f * float32 size, middle + between -0.1f 0.1f * float32 size)
        canvas.RotateDegrees(between -15f 15f)
        let scale = between 0.8f 1.2f
        canvas.Scale((if random.Next 2 = 0 then scale else -scale), scale)
        canvas.Translate(-middle, -middle)
        canvas.Scale(float32 size / float32 stored.Width, float32 size / float32 stored.Height)

        let brightness, contrast, saturation =
            between 0.8f 1.2f, between 0.8f 1.2f, between 0.8f 1.2f

        let factor = brightness * contrast
        let grey channel = factor * (1f - saturation) * channel
        let r, g, b = grey 0.299f, grey 0.587f, grey 0.114f
        let own = factor * saturation
        let rest = 0.5f * (1f - contrast)

        use filter =
            SKColorFilter.CreateColorMatrix
                [|
                    yield! [| r + own; g; b; 0f; rest |]
                    yield! [| r; g + own; b; 0f; rest |]
                    yield! [| r; g; b + own; 0f; rest |]
                    yield! [| 0f; 0f; 0f; 1f; 0f |]
                |]

        let quality =
            if stored.Width > size then
                SKFilterQuality.Medium
            else
                SKFilterQuality.Low

        use paint = new SKPaint(FilterQuality = quality, ColorFilter = filter)
        canvas.DrawBitmap(stored, 0f, 0f, paint)
        let pixels = drawn.GetPixelSpan()
        let plane = size * size
        let values = Array.zeroCreate<float32>(3 * plane)

        for place in 0 .. plane - 1 do
            for channel in 0..2 do
                let value = float32 pixels[4 * place + channel] / 255f
                values[channel * plane + place] <- (value - float32 means[channel]) / float32 deviations[channel]

        torch.tensor(values).reshape(3L, int64 size, int64 size)

    let private batchByHand (set: PictureSet) (size: int) (indices: int[]) : unit =
        use _ = torch.NewDisposeScope()

        torch.stack
            [|
                for index in indices -> byHand size (Seed.ofInt64 (int64 index)) (set.PathOf index)
            |]
        |> ignore

    let private measure (clock: Clock) (rounds: int) (seconds: float) (set: PictureSet) (job: Job) (workers: int) =
        let format =
            PictureFormat(job.Size, job.Size, Means = means, Deviations = deviations)

        let data = set.ToTrainingData(format, augmentation)
        let source = BatchSource.ofDataset Reading.Default data
        let order = DataOrder.shuffled (int64 set.Count) batchSize
        let batches = set.Count / batchSize
        use loader = new Loader(source, order, workers)
        let mutable cursor = Cursor.start

        let load () =
            for _ in 1..batches do
                let loaded = loader.Fetch(Seed.ofInt64 1L, cursor, CancellationToken.None)
                (loaded.Batch :> IDisposable).Dispose()
                cursor <- loaded.After

        let portions = [| 0 .. batches * batchSize - 1 |] |> Array.chunkBySize batchSize

        let loop () =
            if workers = 0 then
                portions |> Array.iter (batchByHand set job.Size)
            else
                Parallel.ForEach(portions, ParallelOptions(MaxDegreeOfParallelism = workers), batchByHand set job.Size)
                |> ignore

        Interleaved.compareAfter
            3.0
            clock
            $"{job.Name}, {workers} workers, a picture"
            (Some 1.1)
            (batches * batchSize)
            rounds
            seconds
            load
            loop

    /// Small PNG files and larger JPEG files with 0, 1 and 2 workers.
    let run (clock: Clock) (quick: bool) : unit =
        Report.head $"Pictures, files to batches of {batchSize} with five augmentations"

        for job in jobs do
            let folder = (Directory.CreateTempSubdirectory "pictures").FullName

            try
                for number in 0 .. (if quick then 99 else 399) do
                    let path = Path.Combine(folder, $"{number % 20}", $"{number}")
                    Directory.CreateDirectory(nonNull (Path.GetDirectoryName path)) |> ignore

                    draw
                        job
                        (path
                         + (if job.Format = SKEncodedImageFormat.Png then
                                ".png"
                            else
                                ".jpg"))
                        number

                let set = PictureSet.FromFolder folder

                for workers in 0..2 do
                    measure clock (if quick then 2 else 20) (if quick then 0.0 else 5.0) set job workers
                    |> Report.line
            finally
                Directory.Delete(folder, true)
