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
        // What is not set, Setup says.
        return RecipeModule.custom(
            ListModule.OfSeq<string>(options.Models?.Keys ?? Enumerable.Empty<string>()),
            ListModule.OfSeq<string>(options.LossFuncs?.Keys ?? Enumerable.Empty<string>()),
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
}
