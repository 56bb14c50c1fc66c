using MetricLearning;
using PictureService.Model;

namespace PictureService.Store;

/// <summary>What is done to a store before it serves.</summary>
internal static class Filling
{
    private const int AtOnce = 64;

    /// <summary>Embeds again what was embedded by another model.</summary>
    /// <returns>How many items.</returns>
    public static async Task<int> Refresh(ItemStore store, ServedModel served, EmbeddingQueue queue)
    {
        var ids = store.OfOtherModels(served.Fingerprint);
        foreach (var some in ids.Chunk(AtOnce))
            store.Put(await Task.WhenAll(some.Select(id => Again(store.Find(id)!))));
        return ids.Count;

        async Task<StoredItem> Again(StoredItem item) =>
            item with
            {
                Vector = await Embed(item.Picture, item.Id, served, queue),
                Model = served.Fingerprint,
            };
    }

    /// <summary>Adds the pictures of a folder of classes, once: the next time, what was removed meanwhile stays away. If it is interrupted, the next time goes on
    /// with it.</summary>
    /// <returns>The files that were left out because they are broken.</returns>
    public static async Task<IReadOnlyList<SkippedPicture>> AddGallery(
        string folder,
        ItemStore store,
        ServedModel served,
        EmbeddingQueue queue
    )
    {
        const string done = "gallery";
        if (store.IsDone(done))
            return [];

        var set = PictureSet.FromFolder(folder, OnBroken.Skip, served.Format.MaxPixels);
        foreach (var some in Enumerable.Range(0, set.Count).Chunk(AtOnce))
            store.Put(await Task.WhenAll(some.Select(Item)));
        store.SetDone(done);
        return set.Skipped;

        async Task<StoredItem> Item(int number)
        {
            var path = set.PathOf(number);
            var file = await File.ReadAllBytesAsync(path);
            return new(
                Path.GetRelativePath(folder, path).Replace(Path.DirectorySeparatorChar, '/'),
                set.Classes[(int)set.Labels[number]],
                null,
                DateTimeOffset.UtcNow,
                file,
                await Embed(file, path, served, queue),
                served.Fingerprint
            );
        }
    }

    private static Task<float[]> Embed(byte[] file, string name, ServedModel served, EmbeddingQueue queue) =>
        queue.Embed(served.Format.Decode(file, name), CancellationToken.None);
}
