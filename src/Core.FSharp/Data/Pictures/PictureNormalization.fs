namespace MetricLearning

open System
open System.Collections.Generic
open TorchSharp
open MetricLearning.Core

/// The first layer of a trunk for pictures of `PictureNumbers.Bytes`: makes floating-point numbers of the bytes on the device
/// that they are on, (byte / 255 − mean) / deviation for each channel. Means and deviations are buffers: they are saved with
/// the trunk, move with it, and its results have their type.
[<Sealed>]
type PictureNormalization
    /// <param name="means">One for each channel.</param>
    /// <param name="deviations">One for each channel.</param>
    /// <exception cref="System.ArgumentException">They are not as many, or a deviation is not above 0.</exception>
    (means: IReadOnlyList<float>, deviations: IReadOnlyList<float>) as this =
    inherit torch.nn.Module<torch.Tensor, torch.Tensor>("PictureNormalization")

    let mean = Seq.toArray (Arguments.given (nameof means) means)
    let deviation = Seq.toArray (Arguments.given (nameof deviations) deviations)

    do
        if mean.Length <> deviation.Length || mean.Length = 0 then
            invalidArg
                (nameof deviations)
                $"There are {mean.Length} means and {deviation.Length} deviations: give one of each for every channel."

        deviation |> Array.iter (Ranges.positive (nameof deviations))

        let register (name: string) (values: float[]) =
            use _ = torch.NewDisposeScope()
            let buffer = torch.tensor(Array.map float32 values).reshape(1L, -1L, 1L, 1L)
            this.register_buffer (name, buffer.DetachFromDisposeScope())

        register "mean" mean
        register "deviation" deviation

    /// Numbers of 0 to 1, whatever the number of channels.
    new() = new PictureNormalization([| 0.0 |], [| 1.0 |])

    override this.forward(pictures: torch.Tensor) : torch.Tensor =
        Arguments.given (nameof pictures) pictures |> ignore

        if pictures.dtype <> torch.uint8 then
            invalidArg
                (nameof pictures)
                $"PictureNormalization normalizes bytes, but the pictures are {pictures.dtype}: read them with Numbers = PictureNumbers.Bytes, or leave PictureNormalization out."

        if pictures.dim () <> 4L then
            invalidArg
                (nameof pictures)
                $"PictureNormalization takes pictures × channels × height × width, but the input is {Shape.show pictures.shape}: a single picture is a batch of one (unsqueeze(0))."

        use _ = torch.NewDisposeScope()

        let mean, deviation =
            nonNull (this.get_buffer "mean"), nonNull (this.get_buffer "deviation")

        let unit' = pictures.``to``(mean.dtype).div_(Numeric.scalar 255.0)
        unit'.sub_(mean).div_(deviation).MoveToOuterDisposeScope()
