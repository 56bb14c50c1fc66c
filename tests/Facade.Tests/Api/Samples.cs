using System.Linq.Expressions;
using System.Reflection;
using MetricLearning.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace MetricLearning.Tests.Api;

/// <summary>A right argument of any type of the public API.</summary>
internal static class Samples
{
    /// <summary>Types whose values a constructor does not make by itself.</summary>
    private static readonly Dictionary<Type, Func<object>> Made = new()
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

    /// <summary>A value of a type, for a parameter of a name; null if there is none.</summary>
    public static object? Of(Type type, string name = "", int depth = 0)
    {
        if (Nullable.GetUnderlyingType(type) is not null || depth > 4)
        {
            return null;
        }

        if (type == typeof(Tensor))
        {
            return name.Contains("label", StringComparison.OrdinalIgnoreCase) ? tensor(new long[] { 0, 0, 1, 1 })
                : name is "anchors" or "others" or "positives" or "negatives" or "samples" ? arange(4)
                : name == "values" ? rand(4)
                : name is "value" or "divisor" ? tensor(1.0)
                : name == "mask" ? ones(4, 2, dtype: ScalarType.Bool)
                : rand(4, 2);
        }

        if (Made.TryGetValue(type, out var make))
        {
            return make();
        }

        if (type == typeof(int) || type == typeof(long))
        {
            return Convert.ChangeType(2, type);
        }

        if (type == typeof(double))
        {
            return 0.5;
        }

        if (type.IsValueType)
        {
            return Activator.CreateInstance(type);
        }

        if (type.IsArray)
        {
            var items = Array.CreateInstance(type.GetElementType()!, 1);
            items.SetValue(Of(type.GetElementType()!, name, depth + 1), 0);
            return items;
        }

        if (typeof(Delegate).IsAssignableFrom(type))
        {
            return Function(type, depth);
        }

        if (type.IsInterface && type.GenericTypeArguments is [var one])
        {
            return Of(one.MakeArrayType(), name, depth);
        }

        if (type.IsGenericType && type.GenericTypeArguments is [var key, var value] && key == typeof(string))
        {
            var entries = (System.Collections.IDictionary)
                Activator.CreateInstance(typeof(Dictionary<,>).MakeGenericType(key, value))!;
            entries["a"] = Of(value, name, depth + 1);
            return type.IsInstanceOfType(entries) ? entries : null;
        }

        return Construct(type, depth);
    }

    private static object? Construct(Type type, int depth)
    {
        if (type.IsAbstract)
        {
            return type
                .Assembly.GetExportedTypes()
                .Where(found => found.IsSubclassOf(type) && !found.IsAbstract)
                .OrderBy(found => found.Name, StringComparer.Ordinal)
                .Select(found => Of(found, "", depth + 1))
                .FirstOrDefault(made => made is not null);
        }

        foreach (var constructor in type.GetConstructors().OrderBy(one => one.GetParameters().Length))
        {
            try
            {
                return constructor.Invoke([.. constructor.GetParameters().Select(one => Argument(one, depth + 1))]);
            }
            catch (TargetInvocationException)
            {
                // The next one may do.
            }
        }

        return null;
    }

    /// <summary>A right argument for a parameter: its default, where it has one.</summary>
    public static object? Argument(ParameterInfo parameter, int depth = 0) =>
        parameter.HasDefaultValue ? parameter.DefaultValue : Of(parameter.ParameterType, parameter.Name ?? "", depth);

    private static Delegate Function(Type type, int depth)
    {
        var invoke = type.GetMethod("Invoke")!;
        Expression body =
            invoke.ReturnType == typeof(void) ? Expression.Empty()
            : Of(invoke.ReturnType, "", depth + 1) is { } given ? Expression.Constant(given, invoke.ReturnType)
            : Expression.Default(invoke.ReturnType);

        return Expression
            .Lambda(type, body, invoke.GetParameters().Select(one => Expression.Parameter(one.ParameterType)))
            .Compile();
    }
}
