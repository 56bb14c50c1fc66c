namespace MetricLearning;

// From one process to another.
public sealed partial class InferenceModel
{
    /// <summary>
    /// Writes weights and statistics of the networks, the threshold and the index into one file, which Python can read as
    /// safetensors. It appears as a whole or not at all; an earlier one of this name stays until then.
    /// </summary>
    /// <exception cref="IOException">The file cannot be written; an earlier one is still there.</exception>
    public void Save(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        model.Save(path);
    }

    /// <summary>
    /// Takes over what <see cref="Save"/> wrote, into networks of the same shape. Index, threshold and whether embeddings are scaled
    /// become those of the file. On an error nothing was changed.
    /// </summary>
    /// <exception cref="InvalidDataException">
    /// The file was damaged, is something else, or is of another version of this library.
    /// </exception>
    /// <exception cref="ArgumentException">
    /// It is of other networks, the message says what differs; or its threshold is for another distance than this model&#39;s.
    /// </exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    public void Load(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        model.Load(path);
    }

    /// <summary>Writes the index alone into a file.</summary>
    /// <exception cref="InvalidOperationException">There is no index.</exception>
    /// <exception cref="IOException">The file cannot be written; an earlier one is still there.</exception>
    public void SaveKnnFunc(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        model.SaveKnnFunc(path);
    }

    /// <summary>
    /// Takes over the index of a file that <see cref="SaveKnnFunc"/> or <see cref="Save"/> wrote. On an error nothing was changed.
    /// </summary>
    /// <exception cref="InvalidDataException">
    /// The file was damaged, is something else, is of another version of this library, or has no index.
    /// </exception>
    /// <exception cref="ArgumentException">Its embeddings were scaled and these are not, or the other way round.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    public void LoadKnnFunc(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        model.LoadKnnFunc(path);
    }
}
