using MetricLearning.Core;
using Microsoft.FSharp.Collections;
using Microsoft.FSharp.Core;
using static TorchSharp.torch;

namespace MetricLearning;

/// <summary>The one place where C# meets F# types.</summary>
internal static class Interop
{
    public static FSharpOption<T> Option<T>(T? value)
        where T : struct => value is { } some ? FSharpOption<T>.Some(some) : FSharpOption<T>.None;

    private static FSharpOption<T> OptionOf<T>(T? value)
        where T : class => value is null ? FSharpOption<T>.None : FSharpOption<T>.Some(value);

    private static FSharpList<Tuple<string, TOut>> List<TIn, TOut>(
        IEnumerable<KeyValuePair<string, TIn>>? entries,
        Func<string, TIn, TOut> convert
    ) => ListModule.OfSeq((entries ?? []).Select(entry => Tuple.Create(entry.Key, convert(entry.Key, entry.Value))));

    public static IReadOnlyDictionary<string, IReadOnlyList<double>> Rates(FSharpMap<string, FSharpList<double>> rates) =>
        rates.ToDictionary(entry => entry.Key, entry => (IReadOnlyList<double>)entry.Value);

    public static int? IterationsPerEpoch(Session session) =>
        session.Progress.IterationsPerEpoch is { } given ? given.Value : (int?)session.Handles.Loader.Order.BatchesPerPass;

    public static Session Start(Recipe recipe, TrainerOptions options, List<string> warnings)
    {
        var prepared = Setup.prepare(recipe, Ingredients(options));
        warnings.AddRange(prepared.Warnings);
        return new Session(prepared);
    }
}
