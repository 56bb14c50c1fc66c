using MetricLearning.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace MetricLearning.Tests.Training;

/// <summary>
/// A small problem that trains in no time: 24 samples of 4 numbers in 4 classes, a trunk with batch norm (4 → 6), an
/// embedder (6 → 3), two optimizers, a triplet loss; 3 iterations of 8 samples an epoch.
/// </summary>
internal sealed class Scenario : IDisposable
{
    public Tensor Data { get; }
    public long[] Labels { get; } = [.. Enumerable.Range(0, 24).Select(index => (long)(index % 4))];
    public nn.Module<Tensor, Tensor> Trunk { get; }
    public nn.Module<Tensor, Tensor> Embedder { get; }
    public optim.Optimizer TrunkOptimizer { get; }
    public optim.Optimizer EmbedderOptimizer { get; }
    public TrainerOptions Options { get; }

    public Scenario(int embedderTakes = 6)
    {
        manual_seed(7);
        Data = randn(24, 4);
        Trunk = nn.Sequential(("fc", nn.Linear(4, 6)), ("bn", nn.BatchNorm1d(6)), ("relu", nn.ReLU()));
        Embedder = nn.Linear(embedderTakes, 3);
        TrunkOptimizer = optim.SGD(Trunk.parameters(), 0.1, momentum: 0.9);
        EmbedderOptimizer = optim.Adam(Embedder.parameters(), 0.01);
        Options = new()
        {
            Models = new() { Trunk = Trunk, Embedder = Embedder },
            Optimizers = new() { Trunk = TrunkOptimizer, Embedder = EmbedderOptimizer },
            BatchSize = 8,
            LossFuncs = new() { MetricLoss = new TripletMarginLoss(margin: 0.3) },
            Dataset = TrainingData.FromTensors(Data, Labels),
            DataloaderNumWorkers = 0,
            Seed = 5,
        };
    }

    /// <summary>The bytes of all weights and buffers that the networks and losses show.</summary>
    public static string Weights(TrainerOptions options)
    {
        var modules = options.Models.Values.Concat(options.LossFuncs.Values).Where(module => module is not null);
        var tensors = modules.SelectMany(module => module.parameters().Concat(module.buffers()));
        var text = new System.Text.StringBuilder();

        foreach (var tensor in tensors.Where(tensor => !tensor.IsInvalid))
        {
            using var flat = tensor.detach().contiguous().cpu();
            text.Append(Convert.ToHexString(flat.bytes)).Append('|');
        }

        return text.ToString();
    }

    public string Weights() => Weights(Options);

    /// <summary>The weights after so many epochs of nothing but MetricLossOnly.</summary>
    public static string After(int epochs)
    {
        using var scenario = new Scenario();
        using var trainer = new MetricLossOnly(scenario.Options);
        trainer.Train(epochs);
        return scenario.Weights();
    }

    /// <summary>Samples of data and label, read one by one.</summary>
    public (Tensor, long)[] Samples() => [.. Enumerable.Range(0, 24).Select(index => (Data[index], Labels[index]))];

    public void Dispose()
    {
        foreach (var module in Options.Models.Values.Concat(Options.LossFuncs.Values))
        {
            module.Dispose();
        }

        TrunkOptimizer.Dispose();
        EmbedderOptimizer.Dispose();
        Data.Dispose();
    }
}
