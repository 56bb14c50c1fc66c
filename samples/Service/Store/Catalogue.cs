using MetricLearning;
using TorchSharp;

namespace PictureService.Store;

/// <summary>Items on disk and the index that answers for them, which change together. Searches wait for neither.</summary>
internal sealed class Catalogue : IDisposable
{
    private readonly ItemStore store;
    private readonly Lock changing = new();
    private readonly SemaphoreSlim rebuilding = new(1);
    private HashSet<string>? changedMeanwhile;

    /// <summary>The items of a store, which stays yours, compared by the cosine similarity.</summary>
    public Catalogue(ItemStore store)
    {
        this.store = store;
        Index = Read();
        Classifier = new(Index);
    }

    /// <summary>The index, for searches.</summary>
    public NeighbourIndex Index { get; }

    /// <summary>Decides on classes by the index.</summary>
    public Classifier Classifier { get; }

    /// <summary>Adds an item, or replaces the one of its id if that is wanted. When this returns true, it is on the disk and is found; false if there is one of its id
    /// that is not to be replaced.</summary>
    public bool Put(StoredItem item, bool replace)
    {
        lock (changing)
        {
            if (!replace && Index.Contains(item.Id))
                return false;
            store.Put([item]);
            Index.Put(new IndexItem(item.Id, item.Class, item.Payload), item.Vector);
            changedMeanwhile?.Add(item.Id);
            return true;
        }
    }

    /// <summary>Removes the item of this id from disk and index; false if there was none.</summary>
    public bool Remove(string id)
    {
        lock (changing)
        {
            var was = store.Remove(id);
            Index.Remove(id);
            changedMeanwhile?.Add(id);
            return was;
        }
    }

    /// <summary>Reads the index anew from the disk, while the old one answers and changes. False, and nothing is done, if that is going on already.</summary>
    public bool TryRebuild()
    {
        if (!rebuilding.Wait(0))
            return false;
        try
        {
            lock (changing)
                changedMeanwhile = [];
            var fresh = Read();
            lock (changing)
            {
                foreach (var id in changedMeanwhile)
                {
                    if (store.Find(id) is { } item)
                        fresh.Put(new IndexItem(id, item.Class, item.Payload), item.Vector);
                    else
                        fresh.Remove(id);
                }

                Index.TakeOver(fresh);
            }

            return true;
        }
        finally
        {
            lock (changing)
                changedMeanwhile = null;
            rebuilding.Release();
        }
    }

    /// <summary>Frees the index.</summary>
    public void Dispose()
    {
        Classifier.Dispose();
        Index.Dispose();
        rebuilding.Dispose();
    }

    private NeighbourIndex Read()
    {
        var index = new NeighbourIndex();
        foreach (var some in store.Vectors().Chunk(4096))
        {
            using var scope = torch.NewDisposeScope();
            var rows = torch.tensor(some.SelectMany(one => one.Vector).ToArray(), [some.Length, some[0].Vector.Length]);
            index.Put(some.Select(one => new IndexItem(one.Id, one.Class, one.Payload)), rows);
        }

        return index;
    }
}
