using MetricLearning;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.VectorData;
using ServiceTests.Support;
using Xunit;

namespace ServiceTests;

public class GeneratorTests(ServiceFixture fixture) : IClassFixture<ServiceFixture>
{
    private IEmbeddingGenerator<byte[], Embedding<float>> Generator =>
        fixture.Service.Services.GetRequiredService<IEmbeddingGenerator<byte[], Embedding<float>>>();

    [Fact]
    public async Task A_store_of_vectors_takes_its_embeddings()
    {
        VectorStoreCollection<string, Photograph> store = new MemoryCollection(Generator);
        await store.UpsertAsync([
            new Photograph { Id = "red", File = Squares.Red },
            new Photograph { Id = "green", File = Squares.Green },
            new Photograph { Id = "blue", File = Squares.Blue },
        ]);
        var found = new List<VectorSearchResult<Photograph>>();
        await foreach (var result in store.SearchAsync(Squares.Png(240, 20, 20), 2))
            found.Add(result);
        Assert.Equal(2, found.Count);
        Assert.Equal("red", found[0].Record.Id);
        Assert.True(found[0].Score > found[1].Score);
    }

    [Fact]
    public async Task Embeddings_are_those_of_the_model_in_the_order_of_the_files()
    {
        var each = new[] { Squares.Red, Squares.Green, Squares.Blue };
        var together = await Generator.GenerateAsync(each);
        foreach (var (file, embedding) in each.Zip(together))
        {
            var alone = (await Generator.GenerateAsync(file)).Vector;
            Assert.Equal(128, alone.Length);
            Assert.All(
                alone.ToArray().Zip(embedding.Vector.ToArray()),
                pair => Assert.Equal(pair.First, pair.Second, 1e-5f)
            );
        }
    }

    [Fact]
    public void It_says_what_it_makes()
    {
        var metadata = (EmbeddingGeneratorMetadata)Generator.GetService(typeof(EmbeddingGeneratorMetadata))!;
        Assert.Equal(128, metadata.DefaultModelDimensions);
        Assert.Same(Generator, Generator.GetService(typeof(IEmbeddingGenerator)));
        Assert.Null(Generator.GetService(typeof(string)));
        Assert.Null(Generator.GetService(typeof(EmbeddingGeneratorMetadata), "another"));
    }

    [Fact]
    public async Task What_it_cannot_do_is_refused()
    {
        var error = await Assert.ThrowsAsync<PictureException>(() =>
            Generator.GenerateAsync([Squares.Red, "text"u8.ToArray()])
        );
        Assert.StartsWith("picture 1: ", error.Message);
        await Assert.ThrowsAsync<ArgumentException>(() =>
            Generator.GenerateAsync([Squares.Red], new() { Dimensions = 3 })
        );
        await Assert.ThrowsAsync<ArgumentException>(() =>
            Generator.GenerateAsync([Squares.Red], new() { ModelId = "another" })
        );
        Assert.Empty(await Generator.GenerateAsync([]));
    }
}
