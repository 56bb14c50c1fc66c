namespace MetricLearning

open System
open System.Collections.Generic
open System.Runtime.InteropServices
open TorchSharp
open MetricLearning.Core

/// Loads weights that were trained elsewhere into modules, and saves modules' weights.
[<Sealed; AbstractClass>]
type PretrainedWeights =

    /// <summary>
    /// Loads a safetensors file, or a state dict of <c>torch.save</c> (PyTorch 1.6 or newer), into a module: parameters and registered
    /// buffers, in place, converted to the module's dtype and device. Nothing in the file is executed. The module may belong to a trainer;
    /// between iterations the next step starts from the loaded weights.
    /// </summary>
    /// <param name="module">The module that gets the weights.</param>
    /// <param name="path">The file; its first bytes decide the format.</param>
    /// <param name="strict">Every tensor of the file must match one of the module, and the other way round; otherwise the tensors that fit
    /// are loaded, at least one.</param>
    /// <param name="stripPrefix">A prefix of names in the file that names in the module lack, such as <c>module.</c>.</param>
    /// <param name="rename">Maps a name in the file, without its prefix, to one in the module; null leaves the tensor out.</param>
    /// <param name="entry">The state dict to take from a file of several: its keys joined by <c>/</c>, such as <c>state_dict</c>.</param>
    /// <param name="ignoreOtherObjects">Loads from a file that holds objects besides tensors, such as an <c>argparse.Namespace</c>; they are
    /// left out and never built.</param>
    /// <returns>The tensors that matched, and those that did not.</returns>
    /// <exception cref="System.IO.InvalidDataException">The file is of another format, or damaged. Nothing changed.</exception>
    /// <exception cref="System.ArgumentException">The file does not fit the module. Nothing changed.</exception>
    static member Load
        (
            ``module``: torch.nn.Module,
            path: string,
            [<Optional; DefaultParameterValue(true)>] strict: bool,
            [<Optional; DefaultParameterValue(null: string | null)>] stripPrefix: string | null,
            [<Optional; DefaultParameterValue(null: Func<string, string | null> | null)>] rename:
                Func<string, string | null> | null,
            [<Optional; DefaultParameterValue(null: string | null)>] entry: string | null,
            [<Optional; DefaultParameterValue(false)>] ignoreOtherObjects: bool
        ) : LoadReport =
        ArgumentNullException.ThrowIfNull(``module``, "module")
        ArgumentNullException.ThrowIfNull(path, nameof path)
        use source = WeightSource.ofFile path entry

        let options =
            {
                Strict = strict
                StripPrefix = stripPrefix
                Rename = rename
                IgnoreOtherObjects = ignoreOtherObjects
            }

        Weights.load options ``module`` source

    /// <summary>
    /// Loads tensors by name, such as another module's <c>state_dict()</c>, into a module as the other <c>Load</c> does. The tensors stay
    /// yours.
    /// </summary>
    /// <param name="module">The module that gets the weights.</param>
    /// <param name="tensors">The tensors by name.</param>
    /// <param name="strict">Every tensor must match one of the module, and the other way round; otherwise the tensors that fit are loaded,
    /// at least one.</param>
    /// <param name="stripPrefix">A prefix of the tensors' names that names in the module lack.</param>
    /// <param name="rename">Maps a tensor's name, without its prefix, to one in the module; null leaves the tensor out.</param>
    /// <returns>The tensors that matched, and those that did not.</returns>
    /// <exception cref="System.ArgumentException">The tensors do not fit the module. Nothing changed.</exception>
    static member Load
        (
            ``module``: torch.nn.Module,
            tensors: IReadOnlyDictionary<string, torch.Tensor>,
            [<Optional; DefaultParameterValue(true)>] strict: bool,
            [<Optional; DefaultParameterValue(null: string | null)>] stripPrefix: string | null,
            [<Optional; DefaultParameterValue(null: Func<string, string | null> | null)>] rename:
                Func<string, string | null> | null
        ) : LoadReport =
        ArgumentNullException.ThrowIfNull(``module``, "module")
        ArgumentNullException.ThrowIfNull(tensors, nameof tensors)
        use source = WeightSource.ofTensors tensors

        let options =
            {
                Strict = strict
                StripPrefix = stripPrefix
                Rename = rename
                IgnoreOtherObjects = false
            }

        Weights.load options ``module`` source

    /// <summary>
    /// Writes a module's parameters and registered buffers to a safetensors file, by the names of its <c>state_dict()</c>. The file appears
    /// whole or not at all. Python reads it with <c>safetensors.torch.load_file</c>.
    /// </summary>
    /// <param name="module">The module whose weights are written.</param>
    /// <param name="path">The file; an earlier one is replaced.</param>
    /// <exception cref="System.IO.IOException">The file cannot be written; an earlier one is still there.</exception>
    static member Save(``module``: torch.nn.Module, path: string) : unit =
        ArgumentNullException.ThrowIfNull(``module``, "module")
        ArgumentNullException.ThrowIfNull(path, nameof path)

        Locks.holding (Locks.ofModules [ ``module`` ]) (fun () ->
            // Python's libraries expect this entry.
            let metadata = [ KeyValuePair("format", "pt") ]

            Safetensors.Save(
                path,
                [
                    for KeyValue(name, tensor) in Weights.stateOf ``module`` -> struct (name, tensor)
                ],
                metadata
            ))
