namespace MetricLearning

open System
open System.Collections.Generic
open TorchSharp
open MetricLearning.Core

/// Loading weights into modules.
module internal Weights =

    /// A module's state dict. ObjectDisposedException when a part of it is disposed.
    let stateOf (target: torch.nn.Module) : Dictionary<string, torch.Tensor> =
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
            | null when report.Matched.Count = 0 -> "Say with rename what its names are here."
            | null -> "Load what fits with strict = false, or say with rename what its names are here."
            | prefix -> $"Its names begin with \"{prefix}\": give that as stripPrefix."

        raise (ArgumentException $"{source.Title} does not fit the module: {report.Complaint}. {advice}")

    let private checkForeign (options: LoadOptions) (source: WeightSource) : unit =
        if source.Foreign.Count > 0 && not options.IgnoreOtherObjects then
            let names = source.Foreign |> Seq.truncate 6 |> Seq.map (fun name -> $"\"{name}\"")
            let names = String.Join(", ", names)

            raise (
                IO.InvalidDataException
                    $"{source.Title} would have Python use {names} besides tensors, which this library never does. Save the weights alone (torch.save(model.state_dict(), path)), or load with ignoreOtherObjects = true to take the tensors and leave everything else out."
            )

    /// Loads what fits into a module; everything is read before anything changes.
    let load (options: LoadOptions) (target: torch.nn.Module) (source: WeightSource) : LoadReport =
        checkForeign options source

        let turns = Locks.ofModules [ target ]

        Locks.holding turns (fun () ->
            Locks.noteChange turns
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
