/// Runs whose gradients overflow in float16 as soon as the scale of the loss is large enough.
module MetricLearning.Core.Tests.Trainers.SteepRuns

open System
open System.Threading
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support

/// The sum of embeddings times a factor: the gradient of each number is the factor.
type private Steep(factor: float) =
    inherit torch.nn.Module<Tensor, Tensor, Tensor>("Steep")

    override _.forward(embeddings, _) = embeddings.sum () * factor.ToScalar()

// The factor is the first gradient that is rounded to float16, times the scale, and 2¹⁶ is the first power of two that float16 does not
// hold. Inputs are small, and there is no bias, whose gradient would be a sum over the batch.
let options (factor: float) : RunOptions =
    use _ = torch.manual_seed 3L

    let data =
        (torch.rand (RunParts.samples, RunParts.features) * 0.1).DetachFromDisposeScope()

    let trunk =
        torch.nn.Sequential(
            SmallRuns.layer "norm" (torch.nn.BatchNorm1d(RunParts.features, affine = false)),
            SmallRuns.layer "small" (new EmbeddingNetworks.Function("small", fun input -> input * (0.05).ToScalar())),
            SmallRuns.layer "last" (torch.nn.Linear(RunParts.features, 4L, hasBias = false))
        )

    RunOptions(
        Models = Models(Trunk = trunk),
        LossFuncs = LossFuncs(MetricLoss = new Steep(factor)),
        Optimizers = Optimizers(Trunk = SmallRuns.adam),
        LrSchedulers = LrSchedulers(TrunkByIteration = Schedule.Exponential 0.9, TrunkByEpoch = Schedule.Step(1L, 0.5)),
        BatchSize = RunParts.batchSize,
        IterationsPerEpoch = Nullable 3,
        Dataset = TrainingData.FromTensors(data, SmallRuns.labels ()),
        DataloaderNumWorkers = 0,
        Precision = Precision.Float16,
        WeightAveraging = WeightAveraging.Exponential(),
        Seed = 4L
    )

// 8 × 2¹³ overflows, 8 × 2¹² does not.
let skips = 4

let eventsOf (session: Session) =
    [ for event in session.Step CancellationToken.None -> event.Name ]
