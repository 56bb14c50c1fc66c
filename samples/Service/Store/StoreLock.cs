namespace PictureService.Store;

/// <summary>Keeps a second service out of a folder, for as long as this one lives: the system lets go of it even when the process is killed.</summary>
internal sealed class StoreLock : IDisposable
{
    private readonly FileStream file;

    /// <exception cref="IOException">Another service has the folder.</exception>
    public StoreLock(string folder)
    {
        try
        {
            file = new(Path.Combine(folder, "in-use"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException taken)
        {
            throw new IOException(
                $"Another service keeps its items in {folder}: stop it, or give another --store.",
                taken
            );
        }
    }

    public void Dispose() => file.Dispose();
}
