namespace MetricLearning.Tests.Logging;

/// <summary>An empty folder, deleted at the end.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("logging-").FullName;

    /// <summary>A file or folder in it.</summary>
    public string At(params string[] parts) => System.IO.Path.Combine([Path, .. parts]);

    /// <summary>The names of the files in a folder of it.</summary>
    public string[] Files(string folder, string pattern = "*") =>
        [.. Directory.GetFiles(At(folder), pattern).Select(path => System.IO.Path.GetFileName(path)).Order()];

    public void Dispose() => Directory.Delete(Path, true);
}
