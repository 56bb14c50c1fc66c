using MetricLearning.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace MetricLearning.Tests.Api;

/// <summary>Right arguments that <see cref="Samples"/> does not find by itself.</summary>
internal static class MadeSamples
{
    /// <summary>Types whose values a constructor does not make by itself.</summary>
    public static readonly Dictionary<Type, Func<object>> ByType = new()
    {
        [typeof(string)] = () => "a",
        [typeof(object)] = () => new long[] { 0, 0, 1, 1 },
        [typeof(Device)] = () => CPU,
        [typeof(nn.Module)] = () => nn.Linear(2, 2),
        [typeof(nn.Module<Tensor, Tensor>)] = () => nn.Linear(2, 2),
        [typeof(optim.Optimizer)] = () => optim.SGD(nn.Linear(2, 2).parameters(), 0.1),
        [typeof(TorchSharp.Modules.Parameter)] = () => new TorchSharp.Modules.Parameter(zeros(2)),
        [typeof(Stream)] = () => new MemoryStream(),
        [typeof(Loss)] = () => new ContrastiveLoss(),
        [typeof(Miner)] = () => new MultiSimilarityMiner(),
        [typeof(Distance)] = () => new LpDistance(),
        [typeof(Reducer)] = () => new MeanReducer(),
        [typeof(Regularizer)] = () => new LpRegularizer(),
        [typeof(Sampler)] = () => new MPerClassSampler([0L, 0, 1, 1], 2),
        [typeof(AnySampler)] = () => AnySampler.Indices([0L, 1]),
        [typeof(Schedule)] = () => Schedule.Exponential(0.9),
        [typeof(AnySchedule)] = () => (AnySchedule)Schedule.Exponential(0.9),
        [typeof(AnyOptimizer)] = () => (AnyOptimizer)PureOptimizer.SGD(0.1),
        [typeof(PureOptimizer)] = () => PureOptimizer.SGD(0.1),
        [typeof(MetricInput)] = Input,
        [typeof(LossElements)] = () => ElementsOf.Rows("loss", rand(4)),
        [typeof(PairMasks)] = () => PairMasks.Of(Input()),
        [typeof(PairDistances)] = () => PairDistances.Of(new LpDistance(), Input()).Item1,
        [typeof(TripletDistances)] = () => TripletDistances.Of(new LpDistance(), Input(), null),
        [typeof(ThresholdReducer)] = () => new ThresholdReducer(0, 1),
        [typeof(Tuples)] = () => Tuples.All,
        [typeof(LabelMap)] = () => LabelMap.Identity,
        [typeof(LabelColumn)] = () => LabelColumn.NewNumbers([0, 0, 1, 1]),
        [typeof(HierarchyLevel)] = () => HierarchyLevel.NewOne(0),
        [typeof(Cursor)] = () => CursorModule.start,
        [typeof(DataOrder)] = () => DataOrderModule.shuffled(4, 2),
        [typeof(BatchSource)] = Source,
        [typeof(Loader)] = () => new Loader(Source(), DataOrderModule.shuffled(4, 2), 0),
        [typeof(StepContext)] = InStep,
        [typeof(BatchContext)] = InStep,
        [typeof(WholeContext)] = InWhole,
        [typeof(SafetensorsFile)] = Safetensors,
        [typeof(TrainingData)] = () => TrainingData.FromTensors(rand(4, 2), [0L, 0, 1, 1]),
        [typeof(Inputs)] = () => (Inputs)rand(4, 2),
        [typeof(TrainerOptions)] = Options,
        [typeof(BaseTrainer)] = () => new MetricLossOnly(Options()),
        [typeof(TrainingState)] = () => new MetricLossOnly(Options()).State,
        [typeof(LearningRateCurve)] = () => new MetricLossOnly(Options()).FindLearningRate(new() { Iterations = 10 }),
        [typeof(BaseTester)] = () => new GlobalEmbeddingSpaceTester(),
        [typeof(RecordKeeper)] = () => new RecordKeeper([]),
        [typeof(SelfSupervisedLoss)] = () => new SelfSupervisedLoss(new ContrastiveLoss()),
        [typeof(RankedListLoss)] = () => new RankedListLoss(0.4, 1.0),
        [typeof(Augmentation)] = () => Augment.Flip(),
        [typeof(Picture)] = () => Picture.FromPixels(2, 2, new byte[16]),
        [typeof(PictureSet)] = Pictures,
        [typeof(CrossBatchMemory)] = () => new CrossBatchMemory(new ContrastiveLoss(), 2, 8),
    };

    private static MetricInput Input() =>
        new(rand(4, 2), tensor(new long[] { 0, 0, 1, 1 }), Tuples.All, null, null, new Lazy<Seed>(() => Seed.Of(1)));

    private static PictureSet Pictures()
    {
        var table = Path.GetTempFileName();

        try
        {
            File.WriteAllText(table, "path,class\na.png,a\nb.png,b\n");
            return PictureSet.FromTable(table, "path", ["class"]);
        }
        finally
        {
            File.Delete(table);
        }
    }

    private static BatchSource Source() =>
        BatchSourceModule.ofDataset(Reading.Default, TrainingData.FromTensors(rand(4, 2), [0L, 0, 1, 1]));

    private static StepContext InStep()
    {
        StepContext? found = null;
        using var trainer = new CustomTrainer(
            Options(),
            context =>
            {
                found = context;
                return [new("metric_loss", context.Embeddings().sum())];
            }
        );
        trainer.Step();
        return found!;
    }

    private static WholeContext InWhole()
    {
        WholeContext? found = null;
        using var trainer = new CustomTrainer(
            Options(),
            context => [context.Embeddings()],
            context =>
            {
                found = context;
                return [new("metric_loss", context.Rows[0].sum())];
            }
        );
        trainer.Step();
        return found!;
    }

    private static SafetensorsFile Safetensors()
    {
        var stream = new MemoryStream();
        MetricLearning.Safetensors.Write(stream, [("a", zeros(4, 2))], []);
        stream.Position = 0;
        return SafetensorsFile.Read(stream, "a stream");
    }

    private static TrainerOptions Options()
    {
        var trunk = nn.Linear(2, 2);

        return new()
        {
            Models = new() { Trunk = trunk },
            Optimizers = new() { Trunk = optim.Adam(trunk.parameters()) },
            LossFuncs = new() { MetricLoss = new ContrastiveLoss() },
            BatchSize = 2,
            Dataset = TrainingData.FromTensors(rand(4, 2), [0L, 0, 1, 1]),
            Seed = 1,
        };
    }
}
