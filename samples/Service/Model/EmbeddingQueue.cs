using System.Threading.Channels;
using MetricLearning;
using TorchSharp;

namespace PictureService.Model;

/// <summary>Pictures of requests that come at the same time are embedded together, in one pass through the networks.</summary>
internal sealed class EmbeddingQueue : IAsyncDisposable
{
    private const int Largest = 64;

    private readonly ServedModel served;
    private readonly Channel<Waiting> waiting = Channel.CreateBounded<Waiting>(4 * Largest);
    private readonly Task working;

    private sealed record Waiting(Picture Picture, TaskCompletionSource<float[]> Vector);

    /// <summary>A queue before a model, which stays yours.</summary>
    public EmbeddingQueue(ServedModel served)
    {
        this.served = served;
        working = Task.Factory.StartNew(
            Work,
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default
        );
    }

    /// <summary>The embedding of a picture.</summary>
    /// <exception cref="InvalidOperationException">The networks made no finite numbers of it.</exception>
    public async Task<float[]> Embed(Picture picture, CancellationToken cancelled)
    {
        var one = new Waiting(picture, new(TaskCreationOptions.RunContinuationsAsynchronously));
        await waiting.Writer.WriteAsync(one, cancelled);
        return await one.Vector.Task.WaitAsync(cancelled);
    }

    /// <summary>Embeds what is waiting, and takes no more.</summary>
    public async ValueTask DisposeAsync()
    {
        waiting.Writer.TryComplete();
        await working;
    }

    // A thread of its own, as it is never free for long.
    private void Work()
    {
        var batch = new List<Waiting>();
        while (waiting.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            while (batch.Count < Largest && waiting.Reader.TryRead(out var next))
                batch.Add(next);

            try
            {
                var vectors = Vectors(batch);
                foreach (var (one, vector) in batch.Zip(vectors))
                    Answer(one, vector);
            }
            catch (Exception error)
            {
                foreach (var one in batch)
                    one.Vector.TrySetException(error);
            }

            batch.Clear();
        }
    }

    private static void Answer(Waiting one, float[] vector)
    {
        if (vector.All(float.IsFinite))
            one.Vector.SetResult(vector);
        else
            one.Vector.SetException(
                new InvalidOperationException("The model's embedding of the picture is not finite.")
            );
    }

    private IEnumerable<float[]> Vectors(IReadOnlyList<Waiting> batch)
    {
        using var scope = torch.NewDisposeScope();
        var pictures = torch.stack(batch.Select(one => served.Format.ToTensor(one.Picture)));
        var rows = served.Model.GetEmbeddings(pictures, batch.Count).to(torch.float32).cpu();
        var width = (int)rows.shape[1];
        return rows.data<float>().ToArray().Chunk(width).ToArray();
    }
}
