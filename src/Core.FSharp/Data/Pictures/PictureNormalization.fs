namespace MetricLearning

open System
open System.Collections.Generic
open System.Runtime.InteropServices
open TorchSharp
open MetricLearning.Core

/// The first layer of a trunk for pictures of `PictureNumbers.Bytes`: makes floating-point numbers of the bytes on the device
/// that they are on, (byte / 255 − mean) / deviation for each channel. Means and deviations are buffers: they are saved with
/// the trunk, move with it, and its results have their type.
[<Sealed; AllowNullLiteral(false)>]
type PictureNormalization
    /// <param name="means">One for each channel; none: 0.</param>
    /// <param name="deviations">One for each channel; none: 1.</param>
    /// <exception cref="System.ArgumentException">They are not as many, or a deviation is not above 0.</exception>
    ([<Optional>] means: IReadOnlyList<float> | null, [<Optional>] deviations: IReadOnlyList<float> | null) as this =
    inherit torch.nn.Module<torch.Tensor, torch.Tensor>("PictureNormalization")

    let numbers (given: IReadOnlyList<float> | null) (otherwise: float) =
        match given with
        | null -> [| otherwise |]
        | given -> Seq.toArray given

    let mean, deviation = numbers means 0.0, numbers deviations 1.0

    do
        if mean.Length <> deviation.Length && min mean.Length deviation.Length > 1 then
            invalidArg
                (nameof deviations)
                $"There are {mean.Length} means and {deviation.Length} deviations: give one of each for every channel."

        deviation |> Array.iter (Ranges.positive (nameof deviations))

        let register (name: string) (values: float[]) =
            let buffer = torch.tensor(Array.map float32 values).reshape(1L, -1L, 1L, 1L)
            this.register_buffer (name, buffer.DetachFromDisposeScope())

        register "mean" mean
        register "deviation" deviation

    override this.forward(pictures: torch.Tensor) : torch.Tensor =
        if pictures.dtype <> torch.uint8 then
            invalidArg
                (nameof pictures)
                $"PictureNormalization normalizes bytes, but the pictures are {pictures.dtype}: read them with Numbers = PictureNumbers.Bytes, or leave PictureNormalization out."

        use _ = torch.NewDisposeScope()

        let mean, deviation =
            nonNull (this.get_buffer "mean"), nonNull (this.get_buffer "deviation")

        let unit' = pictures.``to``(mean.dtype).div_(Numeric.scalar 255.0)
        unit'.sub_(mean).div_(deviation).MoveToOuterDisposeScope()
