namespace MetricLearning

open System
open System.Collections.Generic
open System.IO
open TorchSharp

/// The other contents of a file.
[<ReferenceEquality>]
type internal InferenceExtra =
    {
        Tensors: struct (string * torch.Tensor)[]
        Metadata: (string * string) list
    }

/// Files of this library's models and indexes: safetensors with a hash, which say what they are.
module internal SealedFile =

    let private version = 1

    /// Writes a file of a kind.
    let write (path: string) (kind: string) (content: InferenceExtra) : unit =
        let library = typeof<EmbeddingModel>.Assembly.GetName().Version

        let metadata =
            [
                for key, value in
                    [ "format", kind; "version", string version; "library", $"{library}" ]
                    @ content.Metadata -> KeyValuePair(key, value)
            ]

        DurableFile.Write(path, fun stream -> Safetensors.WriteSealed(stream, content.Tensors, metadata))

    /// InvalidDataException that names the file.
    let refuse (path: string) (reason: string) : 'T =
        raise (InvalidDataException $"\"{path}\" {reason}")

    /// A sealed file of one of these formats that this version can read.
    let openAs (path: string) (kinds: string list) (wanted: string) : SafetensorsFile =
        let file = SafetensorsFile.Open path

        try
            file.CheckSeal()

            match file.Metadata.TryGetValue "format" with
            | true, kind when List.contains kind kinds -> ()
            | true, kind -> refuse path $"is a {kind}, not {wanted}."
            | _ -> refuse path $"is not {wanted}."

            match file.Metadata.TryGetValue "version" with
            | true, number when number = string version -> ()
            | true, number ->
                refuse
                    path
                    $"is of version {number} of its format; this library reads version {version}. Update the library, or save it with this one."
            | _ -> refuse path "does not say which version of its format it is."

            file
        with _ ->
            (file :> IDisposable).Dispose()
            reraise ()

    /// Embeddings of a file, refused unless they are finite floating-point numbers.
    let embeddingsOf (path: string) (index: torch.Tensor) : torch.Tensor =
        if not (index.is_floating_point ()) then
            refuse path $"has an index of {index.dtype}, but embeddings are floating-point numbers."

        match EmbeddingChecks.firstBroken [ index ] with
        | ValueNone -> index
        | ValueSome(struct (_, row)) -> refuse path $"has an index with a number that is NaN or infinite, in row {row}."
