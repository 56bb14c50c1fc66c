using Microsoft.Extensions.AI;

namespace PictureService.Model;

/// <summary>A model as Microsoft.Extensions.AI knows it: files of pictures in, embeddings out, for any store of vectors that takes a generator.</summary>
internal sealed class PictureEmbeddingGenerator : IEmbeddingGenerator<byte[], Embedding<float>>
{
    private readonly ServedModel served;
    private readonly EmbeddingQueue queue;
    private readonly EmbeddingGeneratorMetadata metadata;

    /// <summary>A generator over a model and the queue before it, which stay yours.</summary>
    public PictureEmbeddingGenerator(ServedModel served, EmbeddingQueue queue)
    {
        this.served = served;
        this.queue = queue;
        metadata = new("MetricLearning", defaultModelId: served.Fingerprint, defaultModelDimensions: served.Dimensions);
    }

    /// <summary>The embeddings of files of pictures, in their order.</summary>
    /// <param name="options">A number of dimensions must be the model's, and a model id its fingerprint; null for what the model makes.</param>
    /// <exception cref="MetricLearning.PictureException">One is no picture.</exception>
    public async Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
        IEnumerable<byte[]> values,
        EmbeddingGenerationOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        if (options?.Dimensions is { } wanted && wanted != served.Dimensions)
            throw new ArgumentException(
                $"The model makes embeddings of {served.Dimensions} numbers, not {wanted}.",
                nameof(options)
            );
        if (options?.ModelId is { } model && model != served.Fingerprint)
            throw new ArgumentException($"The model is {served.Fingerprint}, not {model}.", nameof(options));

        var pictures = values.Select((file, number) => served.Format.Decode(file, $"picture {number}"));
        var vectors = await Task.WhenAll(pictures.Select(picture => queue.Embed(picture, cancellationToken)).ToArray());
        return
        [
            .. vectors.Select(vector => new Embedding<float>(vector)
            {
                CreatedAt = DateTimeOffset.UtcNow,
                ModelId = served.Fingerprint,
            }),
        ];
    }

    /// <summary>What the generator says of itself, and the generator.</summary>
    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is not null ? null
        : serviceType == typeof(EmbeddingGeneratorMetadata) ? metadata
        : serviceType.IsInstanceOfType(this) ? this
        : null;

    /// <summary>Nothing: model and queue stay yours.</summary>
    public void Dispose() { }
}
