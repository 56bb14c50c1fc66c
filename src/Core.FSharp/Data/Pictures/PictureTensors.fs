namespace MetricLearning

open System
open System.Numerics
open System.Runtime.CompilerServices
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

    // A colour's value in a table of 256: neither the table nor the place in the plane needs another check.
    let inline private put (plane: byref<'T>) (place: int) (table: 'T[]) (value: int) : unit =
        Unsafe.Add(&plane, place) <- Unsafe.Add(&MemoryMarshal.GetArrayDataReference table, value)

    // The picture's planes, each pixel on the background. A channel has 256 values, so each is looked up.
    let inline private fill (picture: Picture) (background: Vector3) gray (values: Span<'T>) (tables: 'T[][]) : unit =
        let pixels = picture.Bytes
        let size = picture.Height * picture.Width
        let behind = Vector4(background, 255f)
        let first = tables[0]

        if gray then
            for place in 0 .. size - 1 do
                let pixel = PixelVectors.load pixels (4 * place)
                let pixel = pixel + behind * (1f - pixel.W / 255f)
                values[place] <- first[int (ColorMatrices.brightnessOf pixel + 0.5f)]
        else
            let second, third = tables[1], tables[2]
            let red = &values[0]
            let green = &values[size]
            let blue = &values[2 * size]

            for place in 0 .. size - 1 do
                let packed = Unsafe.ReadUnaligned<uint32>(&pixels[4 * place])

                if packed >= 0xFF000000u then
                    put &red place first (int (packed &&& 255u))
                    put &green place second (int (packed >>> 8 &&& 255u))
                    put &blue place third (int (packed >>> 16 &&& 255u))
                else
                    let pixel = PixelVectors.load pixels (4 * place)
                    let pixel = pixel + behind * (1f - pixel.W / 255f)
                    put &red place first (int (pixel.X + 0.5f))
                    put &green place second (int (pixel.Y + 0.5f))
                    put &blue place third (int (pixel.Z + 0.5f))

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
