using MetricLearning.Core;
using MetricLearning.Tests.Training;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace MetricLearning.Tests.BadInput;

public sealed class PartMistakes
{
    private sealed class WithoutForward() : nn.Module("without forward");

    private static T Disposed<T>(T thing)
        where T : IDisposable
    {
        thing.Dispose();
        return thing;
    }

    private static optim.Optimizer BeforeMoving(Scenario scenario)
    {
        var optimizer = optim.Adam(scenario.Trunk.parameters());
        scenario.Trunk.to(ScalarType.Float64);
        return optimizer;
    }

    private static TrainerOptions Overlapping(Scenario scenario)
    {
        var layer = nn.Linear(4, 6);
        var weights = layer.weight!;
        var twin = nn.Linear(4, 6);
        using (no_grad())
        {
            twin.weight!.set_(weights);
        }

        return new TrainerOptions(scenario.Options)
        {
            Models = new() { Trunk = nn.Sequential(layer, nn.ReLU()), Embedder = nn.Sequential(nn.Linear(6, 4), twin) },
            Optimizers = [],
        };
    }

    private static TrainerOptions Untrainable(Scenario scenario)
    {
        foreach (var parameter in scenario.Trunk.parameters().Concat(scenario.Embedder.parameters()))
        {
            parameter.requires_grad = false;
        }

        return scenario.Options;
    }

    private static readonly Dictionary<string, Mistake> Mistakes = new()
    {
        ["a module without a forward pass"] = new(
            s => new TrainerOptions(s.Options)
            {
                Models = new() { Trunk = s.Trunk, Embedder = new WithoutForward() },
            },
            "Models[\"embedder\"] is a WithoutForward",
            "torch.nn.Module<Tensor, Tensor>"
        ),
        ["a disposed network"] = new(
            s => new TrainerOptions(s.Options)
            {
                Models = new() { Trunk = Disposed(s.Trunk), Embedder = s.Embedder },
            },
            "Models[\"trunk\"] was disposed"
        ),
        ["a disposed loss"] = new(
            s => new TrainerOptions(s.Options) { LossFuncs = new() { MetricLoss = Disposed(new ArcFaceLoss(4, 3)) } },
            "LossFuncs[\"metric_loss\"] was disposed"
        ),
        ["a loss that is a network"] = new(
            s => new TrainerOptions(s.Options) { LossFuncs = new() { MetricLoss = nn.Linear(3, 1) } },
            "LossFuncs[\"metric_loss\"] is a Linear",
            "a loss function is a Loss"
        ),
        ["a tuple miner as a subset miner"] = new(
            s => new TrainerOptions(s.Options)
            {
                MiningFuncs = new() { ["subset_batch_miner"] = new MultiSimilarityMiner() },
            },
            "MiningFuncs[\"subset_batch_miner\"]",
            "belongs under \"tuple_miner\""
        ),
        ["a subset miner as a tuple miner"] = new(
            s => new TrainerOptions(s.Options)
            {
                MiningFuncs = new() { ["tuple_miner"] = (Func<Tensor, Tensor, Tensor>)((_, labels) => labels) },
            },
            "MiningFuncs[\"tuple_miner\"]",
            "belongs under \"subset_batch_miner\""
        ),
        ["a miner that is a text"] = new(
            s => new TrainerOptions(s.Options) { MiningFuncs = new() { ["tuple_miner"] = "semihard" } },
            "MiningFuncs[\"tuple_miner\"] is a String",
            "a miner is a Miner"
        ),
        ["a trunk of two inputs for data of one"] = new(
            s => new TrainerOptions(s.Options)
            {
                Models = new() { Trunk = new Made.TwoInputs(), Embedder = s.Embedder },
            },
            "Models[\"trunk\"] takes 2 input tensor(s)",
            "given 1"
        ),
        ["data of two inputs for a trunk of one"] = new(
            s => new TrainerOptions(s.Options) { Dataset = TrainingData.FromTensors([s.Data, s.Data], s.Labels) },
            "Models[\"trunk\"] takes 1 input tensor(s)",
            "given 2"
        ),
        ["an optimizer made before the network was moved"] = new(
            s => new TrainerOptions(s.Options) { Optimizers = new() { Trunk = BeforeMoving(s) } },
            "Optimizers[\"trunk_optimizer\"]",
            "Move modules first"
        ),
        ["LBFGS"] = new(
            s => new TrainerOptions(s.Options) { Optimizers = new() { Trunk = optim.LBFGS(s.Trunk.parameters()) } },
            "Optimizers[\"trunk_optimizer\"] is LBFGS",
            "for example Adam"
        ),
        ["different parameters on one memory"] = new(
            Overlapping,
            "\"trunk.0.weight\" and \"embedder.1.weight\"",
            "register one Parameter object"
        ),
        ["one network frozen under one of its keys"] = new(
            s =>
            {
                var square = nn.Linear(4, 4);
                return new TrainerOptions(s.Options)
                {
                    Models = new() { Trunk = square, Embedder = square },
                    Optimizers = [],
                    FreezeThese = ["embedder"],
                };
            },
            "\"trunk\" and \"embedder\" are one module",
            "freeze both or none"
        ),
        ["everything frozen"] = new(
            s => new TrainerOptions(s.Options) { FreezeThese = ["trunk", "embedder"] },
            "every parameter is frozen",
            "FreezeThese"
        ),
        ["nothing that requires a gradient"] = new(Untrainable, "every parameter is frozen", "requires_grad"),
        ["data on another device than the networks"] = new(
            s => new TrainerOptions(s.Options) { DataDevice = device("meta") },
            "The weights of \"trunk\" are on CPU",
            "DataDevice"
        ),
        ["a dtype of whole numbers"] = new(
            s => new TrainerOptions(s.Options) { Dtype = ScalarType.Int64 },
            "Dtype is Int64",
            "floating-point"
        ),
        ["a plateau schedule that moves by epoch"] = new(
            s => new TrainerOptions(s.Options)
            {
                LrSchedulers = new() { TrunkByEpoch = optim.lr_scheduler.ReduceLROnPlateau(s.TrunkOptimizer) },
            },
            "LrSchedulers[\"trunk_scheduler_by_epoch\"] needs a score",
            "\"_scheduler_by_plateau\""
        ),
        ["a step schedule that moves by plateau"] = new(
            s => new TrainerOptions(s.Options)
            {
                LrSchedulers = new() { TrunkByPlateau = optim.lr_scheduler.StepLR(s.TrunkOptimizer, 1) },
            },
            "LrSchedulers[\"trunk_scheduler_by_plateau\"] does not take a score",
            "\"_scheduler_by_epoch\""
        ),
        ["a negative number of iterations"] = new(
            s => new TrainerOptions(s.Options) { IterationsPerEpoch = -1 },
            "IterationsPerEpoch is -1",
            "at least 1"
        ),
        ["a micro-batch without samples"] = new(
            s => new TrainerOptions(s.Options) { MicroBatchSize = 0 },
            "MicroBatchSize is 0",
            "at least 1"
        ),
        ["a negative number of workers"] = new(
            s => new TrainerOptions(s.Options) { DataloaderNumWorkers = -1 },
            "DataloaderNumWorkers is -1",
            "at least 0"
        ),
    };

    public static TheoryData<string> Names => [.. Mistakes.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Construction_refuses(string mistake)
    {
        using var scenario = new Scenario();
        Refusing.AtSetup(Mistakes[mistake].Make(scenario), Mistakes[mistake].Words);
    }
}
