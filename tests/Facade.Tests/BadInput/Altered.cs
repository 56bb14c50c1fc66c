using MetricLearning.Core;
using MetricLearning.Tests.Training;
using static TorchSharp.torch;

namespace MetricLearning.Tests.BadInput;

/// <summary>A scenario&#39;s options with one part of the user&#39;s own in them.</summary>
internal static class Altered
{
    public static TrainerOptions Embedding(Scenario scenario, Func<Tensor, Tensor> end) =>
        new TrainerOptions(scenario.Options)
        {
            Models = new() { Trunk = scenario.Trunk, Embedder = new Made.Ending(scenario.Embedder, end) },
        };

    public static TrainerOptions Losing(Scenario scenario, Func<Tensor, Tensor, Tensor> loss) =>
        new TrainerOptions(scenario.Options) { LossFuncs = new() { MetricLoss = new Made.Loss(loss) } };

    public static TrainerOptions Mining(Scenario scenario, Func<MetricInput, Tuples> miner) =>
        new TrainerOptions(scenario.Options) { MiningFuncs = new() { TupleMiner = new Made.TupleMiner(miner) } };

    public static TrainerOptions Choosing(Scenario scenario, Func<Tensor, Tensor, Tensor> miner) =>
        new TrainerOptions(scenario.Options) { MiningFuncs = new() { SubsetBatchMiner = miner } };
}
