namespace MetricLearning

open System
open System.Collections.Generic
open System.Drawing
open System.Numerics
open TorchSharp
open MetricLearning.Core

/// The numbers of a picture in a tensor.
type PictureNumbers =
    /// float32: 0 to 1, less the means, divided by the deviations.
    | Floats = 0
    /// uint8: 0 to 255, a quarter of the memory on the way to the device; `PictureNormalization` as the first layer of the
    /// trunk makes floating-point numbers of them there.
    | Bytes = 1

/// The way in which pictures are read and become tensors of channels × height × width. Set it up where it is made; then any number of
/// threads may use it.
[<Sealed>]
type PictureFormat(height: int, width: int) =
    let mutable means: float[] = [||]
    let mutable deviations: float[] = [||]
    // What Means and Deviations make of the 256 values of each channel.
    let mutable tables: float32[][] = [||]

    let mutable cache = PictureCache 0L
    let mutable cacheBytes = 0L

    do PictureSize.check height width

    /// Rows of a picture that was read. An augmentation may change them.
    member _.Height: int = height

    /// Columns of a picture that was read. An augmentation may change them.
    member _.Width: int = width

    /// The fitting of pictures of another shape; stretched unless set.
    member val Fit = PictureFit.Stretch with get, set

    /// The colour behind transparent parts; white unless set. The alpha of the colour is ignored.
    member val Background = Color.White with get, set

    /// True for one channel, the brightness, instead of red, green and blue.
    member val Gray = false with get, set

    /// The numbers of the tensor; floats unless set.
    member val Numbers = PictureNumbers.Floats with get, set

    /// For each channel what is subtracted from floats (of 0 to 1); none unless set.
    member _.Means
        with get (): IReadOnlyList<float> = means
        and set (given: IReadOnlyList<float>) =
            means <- Seq.toArray (Arguments.given "Means" given)
            tables <- [||]

    /// For each channel what floats are divided by after that; nothing unless set.
    member _.Deviations
        with get (): IReadOnlyList<float> = deviations
        and set (given: IReadOnlyList<float>) =
            let given = Seq.toArray (Arguments.given "Deviations" given)
            given |> Array.iter (Ranges.positive "Deviations")
            deviations <- given
            tables <- [||]

    /// A file with more pixels than this is refused before it is decoded; 100 million unless set.
    member val MaxPixels = 100_000_000L with get, set

    /// Keeps pictures that were read from files, in the format's height and width, up to this many bytes in all; 0 unless set. A
    /// file that changes meanwhile is not read again.
    member _.CacheBytes
        with get () = cacheBytes
        and set (bytes: int64) =
            Ranges.atLeast 0L "CacheBytes" bytes
            cacheBytes <- bytes
            cache <- PictureCache bytes

    /// 1 or 3.
    member format.Channels: int = if format.Gray then 1 else 3

    member private format.Fitted(picture: Picture) : Picture =
        let pictureHeight, pictureWidth = float picture.Height, float picture.Width
        // How much smaller the picture is than it will be.
        let toHeight, toWidth = float height / pictureHeight, float width / pictureWidth

        match format.Fit with
        | PictureFit.Stretch -> Resize.stretch picture height width
        | PictureFit.Cover ->
            let factor = max toHeight toWidth

            Resize.middle
                picture
                (min pictureHeight (float height / factor))
                (min pictureWidth (float width / factor))
                height
                width
        | PictureFit.Contain ->
            let factor = min toHeight toWidth

            let side (most: int) (length: float) =
                max 1 (min most (int (round (factor * length))))

            let inside =
                Resize.stretch picture (side height pictureHeight) (side width pictureWidth)

            Augment.CenterCrop(height, width).Apply(inside, Seed.ofInt64 0L)
        | other -> invalidArg "Fit" $"Fit is {int other}: it must be Stretch, Cover or Contain."

    /// <summary>The picture in the bytes of a PNG, JPEG, WebP, BMP or GIF file, upright, in the format's height and width.</summary>
    /// <param name="bytes">The whole file.</param>
    /// <param name="file">What the bytes are called in errors.</param>
    /// <exception cref="MetricLearning.PictureException">They are no whole picture, or it has more than MaxPixels pixels.</exception>
    member format.Decode(bytes: byte[], file: string) : Picture =
        Arguments.given (nameof bytes) bytes |> ignore
        Arguments.given (nameof file) file |> ignore
        format.Fitted(Decoding.decode file bytes (max height width) format.MaxPixels)

    /// <summary>The picture of a file, upright, in the format's height and width.</summary>
    /// <exception cref="MetricLearning.PictureException">The file cannot be read, is no whole picture, or has more than MaxPixels pixels.</exception>
    member format.Read(path: string) : Picture =
        cache.Get(Arguments.given (nameof path) path, fun path -> format.Decode(Decoding.read path, path))

    /// <summary>The picture's numbers: channels × height × width.</summary>
    /// <exception cref="System.ArgumentException">Means or Deviations have another length than channels.</exception>
    member format.ToTensor(picture: Picture) : torch.Tensor =
        Arguments.given (nameof picture) picture |> ignore

        let background =
            Vector3(float32 format.Background.R, float32 format.Background.G, float32 format.Background.B)

        match format.Numbers with
        | PictureNumbers.Bytes -> PictureTensors.bytes picture background format.Gray
        | PictureNumbers.Floats ->
            if tables.Length <> format.Channels then
                tables <-
                    Array.map2
                        PictureTensors.table
                        (PictureTensors.perChannel "Means" format.Channels 0.0 means)
                        (PictureTensors.perChannel "Deviations" format.Channels 1.0 deviations)

            PictureTensors.floats picture background format.Gray tables
        | other -> invalidArg "Numbers" $"Numbers is {int other}: it must be Floats or Bytes."
