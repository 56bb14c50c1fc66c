namespace MetricLearning.Tests;

/// <summary>The files of the repository that the tests are built in.</summary>
internal static class Repository
{
    // Found from where the tests run, not from where they were compiled: a reproducible build (CI=true) replaces the paths of sources.
    private static readonly string Root = Above(new DirectoryInfo(AppContext.BaseDirectory));

    private static string Above(DirectoryInfo? folder) =>
        folder switch
        {
            null => throw new InvalidOperationException("The tests run outside of the repository."),
            _ when File.Exists(Path.Combine(folder.FullName, "MetricLearning.sln")) => folder.FullName,
            _ => Above(folder.Parent),
        };

    /// <summary>The full path of a file or folder, given from the repository's root.</summary>
    internal static string At(params string[] path) => Path.Combine([Root, .. path]);
}
