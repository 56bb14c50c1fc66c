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

/// How pictures are read and become tensors of channels × height × width. Set it up where it is made; then any number of
/// threads may use it.
[<Sealed; AllowNullLiteral(false)>]
type PictureFormat(height: int, width: int) =
    let mutable means: float[] = [||]
    let mutable deviations: float[] = [||]
    // What Means and Deviations make of the 256 values of each channel.
    let mutable tables: float32[][] = [||]

    do
        Ranges.atLeast 1L (nameof height) (int64 height)
        Ranges.atLeast 1L (nameof width) (int64 width)

    /// Rows of a picture that was read. An augmentation may change them.
    member _.Height: int = height

    /// Columns of a picture that was read. An augmentation may change them.
    member _.Width: int = width

    /// How pictures of another shape are made to fit; stretched unless set.
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

    /// 1 or 3.
    member format.Channels: int = if format.Gray then 1 else 3

    member private format.Fitted(picture: Picture) : Picture =
        let toHeight, toWidth =
            float height / float picture.Height, float width / float picture.Width

        let resized (factor: float) =
            let side (length: int) =
                max 1 (int (round (factor * float length)))

            Resize.stretch picture (side picture.Height) (side picture.Width)

        let centered (picture: Picture) =
            let left, top = (picture.Width - width) / 2, (picture.Height - height) / 2

            if picture.Height = height && picture.Width = width then
                picture
            else
                Redraw.draw
                    picture
                    height
                    width
                    (Matrix3x2.CreateTranslation(float32 left, float32 top))
                    Matrix4x4.Identity

        match format.Fit with
        | PictureFit.Stretch -> Resize.stretch picture height width
        | PictureFit.Cover -> centered (resized (max toHeight toWidth))
        | PictureFit.Contain -> centered (resized (min toHeight toWidth))
        | other -> invalidArg "Fit" $"Fit is {int other}: it must be Stretch, Cover or Contain."

    /// <summary>The picture in the bytes of a PNG, JPEG, WebP, BMP or GIF file, upright, in the format's height and width.</summary>
    /// <param name="bytes">The whole file.</param>
    /// <param name="file">What the bytes are called in errors.</param>
    /// <exception cref="MetricLearning.PictureException">They are no whole picture, or it has more than MaxPixels pixels.</exception>
    member format.Decode(bytes: byte[], file: string) : Picture =
        Arguments.given (nameof bytes) bytes |> ignore
        format.Fitted(Decoding.decode file bytes (max height width) format.MaxPixels)

    /// <summary>The picture of a file, upright, in the format's height and width.</summary>
    /// <exception cref="MetricLearning.PictureException">The file cannot be read, is no whole picture, or has more than MaxPixels pixels.</exception>
    member format.Read(path: string) : Picture =
        format.Decode(Decoding.read (Arguments.given (nameof path) path), path)

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
