namespace MetricLearning

open MetricLearning.Core
open System
open System.Collections.Generic
open TorchSharp

/// Loading weights into modules, and saving them.
module Weights =

    let private stateOf (target: torch.nn.Module) : Dictionary<string, torch.Tensor> =
        if TorchModules.isDisposed target then
            raise (ObjectDisposedException("target", "The module was disposed."))

        let state = target.state_dict ()

        for KeyValue(name, tensor) in Seq.toArray state do
            if tensor.IsInvalid then
                raise (
                    ObjectDisposedException(
                        name,
                        $"\"{name}\" of the module was disposed, perhaps with the dispose scope that it was made in."
                    )
                )

        state

    let private refuse (source: WeightSource) (report: LoadReport) (inModule: string seq) : unit =
        let names = [ for entry in source.Entries -> entry.Name ]

        let advice =
            match WeightMatching.likelyPrefix names inModule with
            | null when report.Matched.Count = 0 -> "Say with Rename what its names are here."
            | null -> "Load with Strict = false what fits, or say with Rename what its names are here."
            | prefix -> $"Its names begin with \"{prefix}\": set StripPrefix to that."

        raise (ArgumentException $"{source.Title} does not fit the module: {report.Complaint}. {advice}")

    let private checkForeign (options: LoadOptions) (source: WeightSource) : unit =
        if source.Foreign.Count > 0 && not options.IgnoreOtherObjects then
            let names = source.Foreign |> Seq.truncate 6 |> Seq.map (fun name -> $"\"{name}\"")
            let names = String.Join(", ", names)

            raise (
                IO.InvalidDataException
                    $"{source.Title} would have Python use {names} besides tensors, which this library never does. Save the weights alone (torch.save(model.state_dict(), path)), or set IgnoreOtherObjects to load the tensors and leave everything else out."
            )

    let private loadSource (options: LoadOptions) (target: torch.nn.Module) (source: WeightSource) : LoadReport =
        checkForeign options source

        lock Locks.modulesAndGenerators (fun () ->
            let state = stateOf target

            let inModule =
                [
                    for KeyValue(name, tensor) in state ->
                        {
                            Name = name
                            Dtype = tensor.dtype
                            Shape = tensor.shape
                        }
                ]

            let struct (pairs, report) =
                WeightMatching.plan (LoadOptions.nameHere options) source.Foreign source.Entries inModule

            if
                (options.Strict && not report.IsComplete)
                || (pairs.Length = 0 && state.Count > 0)
            then
                refuse source report state.Keys

            // Everything is read before anything changes.
            let contents = Array.zeroCreate<torch.Tensor | null> pairs.Length
            let ours = ResizeArray<torch.Tensor>()

            try
                for index in 0 .. pairs.Length - 1 do
                    let struct (name, _) = pairs[index]
                    let struct (content, isOurs) = source.Tensor name

                    if isOurs then
                        ours.Add content

                    contents[index] <- content

                for struct (_, name), content in Seq.zip pairs contents do
                    Effects.overwrite state[name] (nonNull content)
            finally
                for content in ours do
                    content.Dispose()

            report)

    /// Loads a safetensors file, or a state dict that `torch.save` of PyTorch 1.6 or newer wrote, into a module: its parameters and
    /// registered buffers, in place, on whatever device they are. The module may belong to a trainer; between iterations that is
    /// where its next step starts. Nothing changes when this raises: InvalidDataException, saying what is wrong with the file;
    /// ArgumentException when it does not fit the module, or nothing of it does; FileNotFoundException and its like.
    let load (options: LoadOptions) (target: torch.nn.Module) (path: string) : LoadReport =
        ArgumentNullException.ThrowIfNull target
        ArgumentNullException.ThrowIfNull path
        use source = WeightSource.ofFile options path
        loadSource options target source

    /// Loads tensors by name, for example another module's `state_dict()`, into a module, as `load` does. They stay the caller's.
    let loadTensors
        (options: LoadOptions)
        (target: torch.nn.Module)
        (tensors: IReadOnlyDictionary<string, torch.Tensor>)
        : LoadReport =
        ArgumentNullException.ThrowIfNull target
        ArgumentNullException.ThrowIfNull tensors
        use source = WeightSource.ofTensors tensors
        loadSource options target source

    /// Writes a module's parameters and registered buffers to a safetensors file, by the names of its `state_dict()`, as a whole
    /// or not at all (see `DurableFile.Write`). Python reads it with `safetensors.torch.load_file`.
    /// Raises IOException when the file cannot be written: then an earlier file is still there.
    let save (source: torch.nn.Module) (path: string) : unit =
        ArgumentNullException.ThrowIfNull source
        ArgumentNullException.ThrowIfNull path

        lock Locks.modulesAndGenerators (fun () ->
            // What Python's libraries look for before they load a file.
            let metadata = [ KeyValuePair("format", "pt") ]
            Safetensors.Save(path, [ for KeyValue(name, tensor) in stateOf source -> struct (name, tensor) ], metadata))
