namespace MetricLearning

open System
open System.Numerics
open System.Runtime.InteropServices
open TorchSharp
open MetricLearning.Core

/// Tensors of pictures.
module internal PictureTensors =

    /// A number per channel, as it was given or the one for all.
    let perChannel (argument: string) (channels: int) (otherwise: float) (given: float[]) : float[] =
        if given.Length = 0 then
            Array.create channels otherwise
        elif given.Length = channels then
            given
        else
            invalidArg
                argument
                $"{argument} has {given.Length} numbers: pictures of this format have {channels} channel(s)."

    // The picture's planes, each pixel on the background; 255 values for a channel, so each is looked up.
    let inline private fill (picture: Picture) (background: Vector3) gray (values: Span<'T>) (tables: 'T[][]) =
        let pixels = picture.Bytes
        let plane = picture.Height * picture.Width
        let behind = Vector4(background, 255f)

        for place in 0 .. plane - 1 do
            let at = 4 * place
            let alpha = pixels[at + 3]

            if gray || alpha < 255uy then
                let pixel = PixelVectors.load pixels at
                let pixel = pixel + behind * (1f - pixel.W / 255f)

                if gray then
                    values[place] <- tables[0][int (ColorMatrices.brightnessOf pixel + 0.5f)]
                else
                    values[place] <- tables[0][int (pixel.X + 0.5f)]
                    values[plane + place] <- tables[1][int (pixel.Y + 0.5f)]
                    values[2 * plane + place] <- tables[2][int (pixel.Z + 0.5f)]
            else
                values[place] <- tables[0][int pixels[at]]
                values[plane + place] <- tables[1][int pixels[at + 1]]
                values[2 * plane + place] <- tables[2][int pixels[at + 2]]

    let private empty (picture: Picture) (gray: bool) (dtype: torch.ScalarType) : torch.Tensor =
        torch.empty ([| (if gray then 1L else 3L); int64 picture.Height; int64 picture.Width |], dtype = dtype)

    let private same: byte[][] = Array.replicate 3 [| 0uy .. 255uy |]

    /// 0 to 255.
    let bytes (picture: Picture) (background: Vector3) (gray: bool) : torch.Tensor =
        let tensor = empty picture gray torch.uint8
        fill picture background gray tensor.bytes same
        tensor

    /// The table of floats of a channel.
    let table (mean: float) (deviation: float) : float32[] =
        Array.init 256 (fun value -> float32 ((float value / 255.0 - mean) / deviation))

    /// 0 to 1, less the mean and divided by the deviation of the channel.
    let floats (picture: Picture) (background: Vector3) (gray: bool) (tables: float32[][]) : torch.Tensor =
        let tensor = empty picture gray torch.float32
        fill picture background gray (MemoryMarshal.Cast<byte, float32> tensor.bytes) tables
        tensor
