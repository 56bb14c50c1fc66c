using TorchSharp;
using static TorchSharp.torch;

namespace MetricLearning.Tests.BadInput;

/// <summary>Options with an entry less or more.</summary>
internal static class Changed
{
    /// <summary>Chooses samples, not tuples.</summary>
    public static readonly Func<Tensor, Tensor, Tensor> Subset = (_, _) => arange(4);

    public static TrainerOptions WithoutModel(this TrainerOptions options, string key) =>
        new TrainerOptions(options)
        {
            Models = new(options.Models.Where(entry => entry.Key != key)),
            Optimizers = new(options.Optimizers.Where(entry => entry.Key != $"{key}_optimizer")),
        };

    public static TrainerOptions WithoutLoss(this TrainerOptions options, string key) =>
        new TrainerOptions(options)
        {
            LossFuncs = new(options.LossFuncs.Where(entry => entry.Key != key)),
            Optimizers = new(options.Optimizers.Where(entry => entry.Key != $"{key}_optimizer")),
        };

    public static TrainerOptions WithModel(this TrainerOptions options, string key) =>
        new TrainerOptions(options) { Models = new(options.Models) { [key] = nn.Linear(4, 4) } };

    public static TrainerOptions WithLoss(this TrainerOptions options, string key) =>
        new TrainerOptions(options) { LossFuncs = new(options.LossFuncs) { [key] = new ContrastiveLoss() } };

    public static TrainerOptions WithMiner(this TrainerOptions options, string key, object miner) =>
        new TrainerOptions(options) { MiningFuncs = new() { [key] = miner } };
}
