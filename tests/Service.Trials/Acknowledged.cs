using System.Collections.Concurrent;

namespace ServiceTrials;

/// <summary>What the service said that it has done.</summary>
internal sealed class Acknowledged
{
    private readonly ConcurrentDictionary<string, byte[]> there = new();
    private readonly ConcurrentDictionary<string, byte> gone = new();
    private int count;

    /// <summary>How many answers there were.</summary>
    public int Count => count;

    /// <summary>Items that must be there, with their pictures.</summary>
    public IReadOnlyDictionary<string, byte[]> There => there;

    /// <summary>Items that must not be there.</summary>
    public ICollection<string> Gone => gone.Keys;

    public void Added(string id, byte[] picture)
    {
        there[id] = picture;
        Interlocked.Increment(ref count);
    }

    /// <summary>Until the answer comes, the item may be there or not.</summary>
    public void Removing(string id) => there.TryRemove(id, out _);

    public void Removed(string id)
    {
        gone[id] = 0;
        Interlocked.Increment(ref count);
    }
}
