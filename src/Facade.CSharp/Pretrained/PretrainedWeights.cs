using MetricLearning.Core;
using static TorchSharp.torch;

namespace MetricLearning;

/// <summary>Loads weights that were trained elsewhere into modules, and saves modules&#39; weights.</summary>
public static class PretrainedWeights
{
    /// <summary>
    /// Loads a safetensors file, or a state dict that <c>torch.save</c> of PyTorch 1.6 or newer wrote (<c>.pth</c>,
    /// <c>.pt</c>, <c>.bin</c>), into a module: its parameters and registered buffers, in place, converted to their dtype,
    /// on whatever device they are. Nothing in the file is run. The module may belong to a trainer; between iterations that
    /// is where the next step starts.
    /// </summary>
    /// <param name="module">What is loaded into.</param>
    /// <param name="path">The file; what it is, its first bytes say.</param>
    /// <param name="strict">Whether every tensor of the file and of the module must find the other, in the same shape;
    /// otherwise what fits is loaded, if anything does.</param>
    /// <param name="stripPrefix">What names in the file begin with and names in the module do not, such as
    /// <c>module.</c>.</param>
    /// <param name="rename">From a name in the file, its prefix stripped, to one in the module; null leaves the tensor
    /// out.</param>
    /// <param name="entry">Of a file with several state dicts, the one to take: its keys joined by <c>/</c>, such as
    /// <c>state_dict</c>; not needed when there is one.</param>
    /// <param name="ignoreOtherObjects">Whether to load from a file that holds objects besides tensors, such as an
    /// <c>argparse.Namespace</c>. They are never built, only left out.</param>
    /// <returns>What matched and what did not.</returns>
    /// <exception cref="InvalidDataException">The file is of another format, or damaged. Nothing changed.</exception>
    /// <exception cref="ArgumentException">The file does not fit the module. Nothing changed.</exception>
    public static LoadReport Load(
        nn.Module module,
        string path,
        bool strict = true,
        string? stripPrefix = null,
        Func<string, string?>? rename = null,
        string? entry = null,
        bool ignoreOtherObjects = false
    )
    {
        ArgumentNullException.ThrowIfNull(module);
        ArgumentNullException.ThrowIfNull(path);
        return Weights.load(new LoadOptions(strict, stripPrefix, rename, entry, ignoreOtherObjects), module, path);
    }

    /// <summary>Loads tensors by name, for example another module&#39;s <c>state_dict()</c>, into a module, as the other
    /// <c>Load</c> does. They stay the caller&#39;s.</summary>
    /// <param name="module">What is loaded into.</param>
    /// <param name="tensors">The tensors by name.</param>
    /// <param name="strict">Whether every tensor must find its like, in the same shape; otherwise what fits is loaded, if
    /// anything does.</param>
    /// <param name="stripPrefix">What the tensors&#39; names begin with and names in the module do not.</param>
    /// <param name="rename">From a tensor&#39;s name, its prefix stripped, to one in the module; null leaves it
    /// out.</param>
    /// <returns>What matched and what did not.</returns>
    /// <exception cref="ArgumentException">The tensors do not fit the module. Nothing changed.</exception>
    public static LoadReport Load(
        nn.Module module,
        IReadOnlyDictionary<string, Tensor> tensors,
        bool strict = true,
        string? stripPrefix = null,
        Func<string, string?>? rename = null
    )
    {
        ArgumentNullException.ThrowIfNull(module);
        ArgumentNullException.ThrowIfNull(tensors);
        return Weights.loadTensors(new LoadOptions(strict, stripPrefix, rename, null, false), module, tensors);
    }

    /// <summary>
    /// Writes a module&#39;s parameters and registered buffers to a safetensors file, by the names of its
    /// <c>state_dict()</c>, as a whole or not at all. Python reads it with <c>safetensors.torch.load_file</c>.
    /// </summary>
    /// <param name="module">Whose weights are written.</param>
    /// <param name="path">The file; an earlier one is replaced.</param>
    /// <exception cref="IOException">The file cannot be written; an earlier one is still there.</exception>
    public static void Save(nn.Module module, string path)
    {
        ArgumentNullException.ThrowIfNull(module);
        ArgumentNullException.ThrowIfNull(path);
        Weights.save(module, path);
    }
}
