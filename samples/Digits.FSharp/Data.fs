namespace Digits

open System
open System.IO
open System.IO.Compression
open TorchSharp

/// Pictures of handwritten digits and what they show.
type DigitSet =
    {
        /// (N × 64), float32, 0 = paper … 1 = ink, the 8 × 8 pixels line by line.
        Pictures: torch.Tensor
        /// (N), int64, 0 … 9.
        Labels: torch.Tensor
    }

/// The bundled data (samples/data/README.md).
module Data =

    // Beside the program, also when a script loads it.
    let private folder =
        let program = typeof<DigitSet>.Assembly.Location
        Path.Combine(nonNull (Path.GetDirectoryName program), "data")

    /// 1,078 digits to train on, and 719 to test with.
    let load () : DigitSet * DigitSet =
        use file = File.OpenRead(Path.Combine(folder, "digits.csv.gz"))
        use reader = new StreamReader(new GZipStream(file, CompressionMode.Decompress))

        let rows =
            [|
                for line in reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries) ->
                    line.Split ',' |> Array.map Int64.Parse
            |]

        let parts = File.ReadAllLines(Path.Combine(folder, "digits-split.txt"))

        let part name =
            let rows =
                [|
                    for row, part in Array.zip rows parts do
                        if part = name then
                            row
                |]

            {
                Pictures =
                    torch
                        .tensor(
                            [|
                                for row in rows do
                                    for ink in row[..63] -> float32 ink / 16f
                            |]
                        )
                        .reshape(-1L, 64L)
                Labels = torch.tensor [| for row in rows -> row[64] |]
            }

        part "train", part "test"
