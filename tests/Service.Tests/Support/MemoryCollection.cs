using System.Linq.Expressions;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.VectorData;

namespace ServiceTests.Support;

/// <summary>A picture in a store of vectors, which embeds it when it comes.</summary>
public sealed class Photograph
{
    public required string Id { get; init; }
    public required byte[] File { get; init; }
}

/// <summary>As much of a store as shows what a store does: it is given a generator, and embeds records and queries by it.</summary>
internal sealed class MemoryCollection(IEmbeddingGenerator<byte[], Embedding<float>> generator)
    : VectorStoreCollection<string, Photograph>
{
    private readonly Dictionary<string, (Photograph Record, Embedding<float> Embedding)> records = [];

    public override string Name => "photographs";

    public override Task<bool> CollectionExistsAsync(CancellationToken cancellationToken = default) =>
        Task.FromResult(true);

    public override Task EnsureCollectionExistsAsync(CancellationToken cancellationToken = default) =>
        Task.CompletedTask;

    public override Task EnsureCollectionDeletedAsync(CancellationToken cancellationToken = default)
    {
        records.Clear();
        return Task.CompletedTask;
    }

    public override Task<Photograph?> GetAsync(
        string key,
        RecordRetrievalOptions? options = null,
        CancellationToken cancellationToken = default
    ) => Task.FromResult(records.TryGetValue(key, out var found) ? found.Record : null);

    public override IAsyncEnumerable<Photograph> GetAsync(
        Expression<Func<Photograph, bool>> filter,
        int top,
        FilteredRecordRetrievalOptions<Photograph>? options = null,
        CancellationToken cancellationToken = default
    ) => records.Values.Select(one => one.Record).Where(filter.Compile()).Take(top).ToAsyncEnumerable();

    public override Task DeleteAsync(string key, CancellationToken cancellationToken = default)
    {
        records.Remove(key);
        return Task.CompletedTask;
    }

    public override Task UpsertAsync(Photograph record, CancellationToken cancellationToken = default) =>
        UpsertAsync([record], cancellationToken);

    public override async Task UpsertAsync(IEnumerable<Photograph> given, CancellationToken cancellationToken = default)
    {
        var all = given.ToList();
        var embeddings = await generator.GenerateAsync(all.Select(one => one.File), null, cancellationToken);
        foreach (var (record, embedding) in all.Zip(embeddings))
            records[record.Id] = (record, embedding);
    }

    public override async IAsyncEnumerable<VectorSearchResult<Photograph>> SearchAsync<TInput>(
        TInput searchValue,
        int top,
        VectorSearchOptions<Photograph>? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default
    )
    {
        var query = await generator.GenerateAsync((byte[])(object)searchValue, null, cancellationToken);
        var scored =
            from one in records.Values
            let score = Cosine(query.Vector.Span, one.Embedding.Vector.Span)
            orderby score descending
            select new VectorSearchResult<Photograph>(one.Record, score);
        foreach (var result in scored.Take(top))
            yield return result;
    }

    public override object? GetService(Type serviceType, object? serviceKey = null) => null;

    private static double Cosine(ReadOnlySpan<float> one, ReadOnlySpan<float> other)
    {
        var (product, oneSquare, otherSquare) = (0.0, 0.0, 0.0);
        for (var at = 0; at < one.Length; at++)
        {
            product += one[at] * other[at];
            oneSquare += one[at] * one[at];
            otherSquare += other[at] * other[at];
        }

        return product / Math.Sqrt(oneSquare * otherSquare);
    }
}
