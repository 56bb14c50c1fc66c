namespace MetricLearning

open MetricLearning.Core
open System
open System.Collections.Generic
open System.IO
open TorchSharp

/// Tensors by name, wherever they are.
[<ReferenceEquality>]
type internal WeightSource =
    {
        /// What messages call it.
        Title: string
        /// The tensors.
        Entries: IReadOnlyList<WeightEntry>
        /// What else it names, of a `.pth` file.
        Foreign: IReadOnlyList<string>
        /// The content of a tensor, and whether the caller must dispose it.
        Tensor: string -> struct (torch.Tensor * bool)
        /// What is closed in the end.
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

    /// Opens a safetensors file or one of `torch.save`: which it is, its first bytes say, not its name.
    /// Raises InvalidDataException, saying what is wrong with the file, and FileNotFoundException and its like.
    let ofFile (options: LoadOptions) (path: string) : WeightSource =
        if
            isSafetensors path
            || path.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase)
        then
            match options.Entry with
            | null -> ofSafetensors path
            | entry ->
                raise (
                    ArgumentException
                        $"\"{path}\" is a safetensors file, which has no entries such as \"{entry}\"; leave it out."
                )
        else
            ofPickle path options.Entry
