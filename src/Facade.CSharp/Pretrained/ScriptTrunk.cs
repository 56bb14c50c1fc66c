using static TorchSharp.torch;

namespace MetricLearning;

/// <summary>
/// A TorchScript module (<c>torch.jit.save</c> in Python) from one tensor to one as a module that trains: its parameters
/// and buffers are this module&#39;s, by the names that they have in Python; modes go through to it. It runs as it was written,
/// without libtorch&#39;s rewriting of its graph, so that a step gives the same bits whenever it is done.
/// </summary>
/// <param name="script">The script, which belongs to this module from then on.</param>
public sealed class ScriptTrunk(jit.ScriptModule<Tensor, Tensor> script) : Core.ScriptTrunk(script)
{
    /// <summary>Loads a script. It is a program: load only what you trust.</summary>
    /// <param name="path">The file.</param>
    /// <param name="device">Where it is put; null is the CPU.</param>
    /// <exception cref="InvalidDataException">libtorch cannot load it.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    public static ScriptTrunk Load(string path, Device? device = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        return new(TorchScript.load(path, device));
    }
}
