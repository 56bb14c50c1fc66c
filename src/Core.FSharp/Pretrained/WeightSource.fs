namespace MetricLearning

open System
open System.Collections.Generic
open System.IO
open TorchSharp

/// Tensors by name, in memory or in a file.
[<ReferenceEquality>]
type internal WeightSource =
    {
        /// The name that messages use.
        Title: string
        /// The tensors.
        Entries: IReadOnlyList<WeightEntry>
        /// Other objects that a `.pth` file names.
        Foreign: IReadOnlyList<string>
        /// The content of a tensor, and true if the caller must dispose it.
        Tensor: string -> struct (torch.Tensor * bool)
        /// Closed in the end.
        Closed: IDisposable | null
    }

    interface IDisposable with
        member source.Dispose() =
            match source.Closed with
            | null -> ()
            | closed -> closed.Dispose()

/// Opening weights.
module internal WeightSource =

    /// Tensors that are in memory; they stay their owner's.
    let ofTensors (tensors: IReadOnlyDictionary<string, torch.Tensor>) : WeightSource =
        Arguments.noneNull (nameof tensors) tensors.Values |> ignore

        {
            Title = "The dictionary"
            Entries =
                [|
                    for KeyValue(name, tensor) in tensors ->
                        {
                            Name = name
                            Dtype = tensor.dtype
                            Shape = tensor.shape
                        }
                |]
            Foreign = [||]
            Tensor = fun name -> struct (tensors[name], false)
            Closed = null
        }

    let private ofSafetensors (path: string) : WeightSource =
        let file = SafetensorsFile.Open path

        {
            Title = $"\"{path}\""
            Entries =
                [|
                    for entry in file.Entries ->
                        {
                            Name = entry.Name
                            Dtype = entry.Dtype
                            Shape = entry.Shape
                        }
                |]
            Foreign = [||]
            Tensor = fun name -> struct (file.Tensor name, true)
            Closed = file
        }

    let private ofPickle (path: string) (entry: string | null) : WeightSource =
        let file = PickledTensors.Open(path, entry)

        {
            Title = $"\"{path}\""
            Entries = file.Entries
            Foreign = file.Foreign
            Tensor = fun name -> struct (file.Tensor name, true)
            Closed = file
        }

    // A safetensors file begins with the length of its header, which is less than 100 MB, and a brace.
    let private isSafetensors (path: string) : bool =
        use file =
            new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read ||| FileShare.Delete)

        let first = Array.zeroCreate<byte> 9

        file.ReadAtLeast(Span first, 9, false) = 9
        && first[8] = byte '{'
        && first[7] = 0uy

    /// Opens a safetensors file or one of `torch.save`, told apart by their first bytes.
    /// Raises InvalidDataException, naming the fault, or FileNotFoundException and its like.
    let ofFile (path: string) (entry: string | null) : WeightSource =
        if
            isSafetensors path
            || path.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase)
        then
            match entry with
            | null -> ofSafetensors path
            | entry ->
                raise (
                    ArgumentException
                        $"\"{path}\" is a safetensors file, which has no entries such as \"{entry}\"; leave it out."
                )
        else
            ofPickle path entry
