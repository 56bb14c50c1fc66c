using System.Globalization;
using MetricLearning;
using TorchSharp;

namespace Pictures;

/// <summary>What a model says of itself: how it was made, on what, and how well it does. It is saved with the weights.</summary>
internal static class Card
{
    public static IReadOnlyList<KeyValuePair<string, string>> Of(
        Options options,
        PictureData data,
        RetrievalScores scores,
        TimeSpan time,
        CalibratedThreshold threshold
    )
    {
        var card = new Dictionary<string, string>();
        options.Networks.WriteTo(card);
        card["weights before training"] = options.Weights is null ? "random" : Path.GetFileName(options.Weights);
        card["embedding"] = $"{Networks.EmbeddingSize} numbers, compared by cosine";
        card["data"] = data.Name;
        card["trained on"] = Counted(data.Train);
        card["threshold chosen by"] = Counted(data.Validation);
        card["tested on"] = Counted(data.Test);
        card["method"] = options.Method;
        card["negatives"] = options.Negatives;
        card["precision"] = $"{options.Precision}";
        card["average of weights"] = options.Average;
        card["augmentation"] = $"{options.Augmentation}";
        card["epochs"] = $"{options.Epochs}";
        card["seed"] = $"{options.Seed}";
        card["scores"] = Scores.Line(scores);
        card["threshold"] = string.Create(
            CultureInfo.InvariantCulture,
            $"{threshold.Threshold:0.000}: {threshold.Recall:P1} of the pairs of one class match, {threshold.FalseAcceptRate:P2} of the others"
        );
        card["time"] = $"{time.TotalMinutes:0.0} minutes, {torch.get_num_threads()} threads, {options.Workers} workers";
        card["versions"] =
            $"MetricLearning {Version(typeof(Loss))}, TorchSharp {Version(typeof(torch))}, .NET {Environment.Version}";
        card["command"] = Command(options);
        return [.. card];
    }

    private static string Counted(PictureSet pictures) =>
        $"{pictures.Count:N0} pictures of {pictures.Labels.Distinct().Count():N0} classes";

    private static string Version(Type type) => type.Assembly.GetName().Version!.ToString(3);

    private static string Command(Options options) =>
        string.Join(
            ' ',
            [
                "dotnet run -c Release --project samples/Pictures --",
                .. options.Data is null ? Array.Empty<string>() : [$"--data {options.Data}"],
                .. options.Classes is null ? Array.Empty<string>() : [$"--classes {options.Classes}"],
                $"--trunk {options.Networks.Trunk} --size {options.Networks.Size}",
                .. options.Weights is null ? Array.Empty<string>() : [$"--weights {options.Weights}"],
                options.Views == Views.None
                    ? $"--trainer {options.Trainer} --loss {options.Loss} --negatives {options.Negatives}"
                    : $"--views {options.Views}",
                $"--precision {options.Precision} --average {options.Average}",
                $"--epochs {options.Epochs} --seed {options.Seed}",
            ]
        );
}
