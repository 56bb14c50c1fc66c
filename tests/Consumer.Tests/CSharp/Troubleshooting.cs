using Xunit;

namespace PictureShop;

/// <summary>The page of symptoms; its messages are tested in F#.</summary>
public sealed class Troubleshooting
{
    [Fact]
    public void How_much_embeddings_vary()
    {
        using var scope = NewDisposeScope();
        var (trunk, embedder) = (nn.Linear(6, 5), nn.Linear(5, 4));
        var tester = new GlobalEmbeddingSpaceTester();
        var validation = TrainingData.FromTensors(rand(24, 6), arange(24) % 4);

        using var embedded = tester.GetAllEmbeddings(validation, trunk, embedder);
        var spread = embedded.Embeddings.std(0).mean().item<float>();

        Assert.True(spread > 0);
    }
}
