using MetricLearning.Core;
using Microsoft.FSharp.Collections;
using Microsoft.FSharp.Core;
using static TorchSharp.torch;

namespace MetricLearning;

/// <summary>The one place where C# meets F# types.</summary>
internal static class Interop
{
    /// <summary>A nullable number as an option.</summary>
    public static FSharpOption<T> Option<T>(T? value)
        where T : struct => value is { } some ? FSharpOption<T>.Some(some) : FSharpOption<T>.None;

    private static FSharpOption<T> OptionOf<T>(T? value)
        where T : class => value is null ? FSharpOption<T>.None : FSharpOption<T>.Some(value);

    private static FSharpList<Tuple<string, TOut>> List<TIn, TOut>(
        IEnumerable<KeyValuePair<string, TIn>>? entries,
        Func<TIn, TOut> convert
    ) => ListModule.OfSeq((entries ?? []).Select(entry => Tuple.Create(entry.Key, convert(entry.Value))));

    /// <summary>Learning rates as C# collections.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<double>> Rates(FSharpMap<string, double[]> rates) =>
        rates.ToDictionary(entry => entry.Key, entry => (IReadOnlyList<double>)entry.Value);

    /// <summary>The iterations of an epoch, if they are the same in every epoch.</summary>
    public static int? IterationsPerEpoch(Session session) =>
        session.Progress.IterationsPerEpoch is { } given
            ? given.Value
            : (int?)session.Handles.Loader.Order.BatchesPerPass;

    // A function of two arguments as F# curries it.
    private static FSharpFunc<T1, FSharpFunc<T2, TOut>> Curried<T1, T2, TOut>(Func<T1, T2, TOut> function) =>
        FuncConvert.FromFunc<T1, FSharpFunc<T2, TOut>>(first =>
            FuncConvert.FromFunc<T2, TOut>(second => function(first, second))
        );

    private static Losses Named(IEnumerable<KeyValuePair<string, Tensor>>? losses) =>
        Losses.NewLosses(
            List(
                losses
                    ?? throw new InvalidOperationException(
                        "The function of the losses returned null; it must return the losses of the batch by name."
                    ),
                loss => loss
            )
        );

    private static Recipe CustomRecipe(
        TrainerOptions options,
        Func<Context, Batch, Rows> rows,
        Func<Context, Rows, IEnumerable<KeyValuePair<string, Tensor>>> losses,
        IReadOnlyList<string> lossNames
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(lossNames);
        ThrowIfIncomplete(options);
        return RecipeModule.custom(
            ListModule.OfSeq(options.Models.Keys),
            ListModule.OfSeq(options.LossFuncs.Keys),
            ListModule.OfSeq(lossNames),
            Curried(rows),
            Curried<Context, Rows, Losses>((context, whole) => Named(losses(context, whole)))
        );
    }

    /// <summary>A recipe that knows whatever names the options have, cut on top of the trunk.</summary>
    public static Recipe CustomRecipe(
        TrainerOptions options,
        Func<StepContext, IEnumerable<KeyValuePair<string, Tensor>>> losses,
        IReadOnlyList<string> lossNames
    )
    {
        ArgumentNullException.ThrowIfNull(losses);
        return CustomRecipe(
            options,
            StepContext.Rows,
            (context, rows) => losses(new StepContext(context, rows)),
            lossNames
        );
    }

    /// <summary>A recipe that knows whatever names the options have, in two halves.</summary>
    public static Recipe CustomRecipe(
        TrainerOptions options,
        Func<RowContext, IReadOnlyList<Tensor>> rows,
        Func<WholeContext, IEnumerable<KeyValuePair<string, Tensor>>> losses,
        IReadOnlyList<string> lossNames
    )
    {
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(losses);
        return CustomRecipe(
            options,
            (context, batch) =>
                new Rows(
                    [
                        .. rows(new RowContext(context, batch))
                            ?? throw new InvalidOperationException(
                                "The function of the rows returned null; it must return the outputs of the networks."
                            ),
                    ],
                    batch.Labels
                ),
            (context, whole) => losses(new WholeContext(context, whole)),
            lossNames
        );
    }

    /// <summary>The recipe of a cascade.</summary>
    public static Recipe CascadedRecipe(IReadOnlyList<int> embeddingSizes)
    {
        ArgumentNullException.ThrowIfNull(embeddingSizes);
        return CascadedEmbeddingsModule.recipe(ListModule.OfSeq(embeddingSizes));
    }

    private static MinerChoice Miner(object miner) =>
        miner switch
        {
            Miner tuples => MinerChoice.NewTuples(tuples),
            Func<Tensor, Tensor, Tensor> subset => MinerChoice.NewSubset(subset),
            _ => MinerChoice.NewUnknown(miner?.GetType().Name ?? "null"),
        };

    private static Ingredients Ingredients(TrainerOptions options) =>
        new(
            models: List(options.Models, model => model),
            losses: List(options.LossFuncs, loss => loss),
            optimizers: List(options.Optimizers, optimizer => optimizer?.Choice!),
            dataset: options.Dataset.Value,
            batchSize: options.BatchSize,
            miners: List(options.MiningFuncs, Miner),
            iterationsPerEpoch: Option(options.IterationsPerEpoch),
            device: OptionOf(options.DataDevice),
            dtype: Option(options.Dtype),
            lossWeights: OptionOf(options.LossWeights is { } weights ? List(weights, weight => weight) : null),
            sampler: options.Sampler?.Sampling ?? Sampling.Shuffled,
            schedules: List(options.LrSchedulers, schedule => schedule?.Choice!),
            clippers: List(options.GradientClippers, clipper => clipper),
            frozen: ListModule.OfSeq(options.FreezeThese ?? []),
            freezeTrunkBatchnorm: options.FreezeTrunkBatchnorm,
            collateFn: options.CollateFn,
            dataAndLabelGetter: options.DataAndLabelGetter is { } getter ? (batch => getter(batch)) : null,
            labelHierarchyLevel: options.LabelHierarchyLevel,
            datasetLabels: options.DatasetLabels,
            setMinLabelToZero: options.SetMinLabelToZero,
            workers: options.DataloaderNumWorkers,
            seed: Option(options.Seed)
        );

    /// <summary>A recipe and options as a run, with what is doubtful about them.</summary>
    public static (Session Session, IReadOnlyList<string> Warnings) Start(Recipe recipe, TrainerOptions options)
    {
        ThrowIfIncomplete(options);
        var prepared = Setup.prepare(recipe, Ingredients(options));
        return (Session.Start(prepared), [.. prepared.Warnings]);
    }

    private static void ThrowIfIncomplete(TrainerOptions options)
    {
        foreach (
            var (name, value) in new (string, object?)[]
            {
                (nameof(options.Models), options.Models),
                (nameof(options.Optimizers), options.Optimizers),
                (nameof(options.LossFuncs), options.LossFuncs),
                (nameof(options.Dataset), options.Dataset),
            }
        )
        {
            if (value is null)
            {
                throw new ArgumentNullException(
                    name,
                    $"{name} is null; an empty dictionary is allowed for optimizers."
                );
            }
        }
    }
}
