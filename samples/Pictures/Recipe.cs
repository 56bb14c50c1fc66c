using MetricLearning;

namespace Pictures;

/// <summary>What is trained for: losses, with the miners that go with them.</summary>
/// <param name="Loss">Compares the embeddings of a batch.</param>
/// <param name="Miner">Chooses the pairs that it compares; null: all.</param>
internal sealed record Recipe(Loss Loss, Miner? Miner = null)
{
    /// <summary>The trainers of this sample; samples/Digits shows the others.</summary>
    public static readonly string[] Trainers = [nameof(MetricLossOnly), nameof(TrainWithClassifier)];

    /// <summary>Where the classes of a batch come from: by chance, or half of them those that are confused with the others.</summary>
    public static readonly string[] Negatives = ["random", "hard"];

    /// <summary>Which weights a run ends with: its last, or the average of those of the last hundred iterations or so.</summary>
    public static readonly string[] Averages = ["none", "ema"];

    private static readonly Dictionary<string, Func<int, Recipe>> ByName = new()
    {
        ["MultiSimilarity"] = _ => new(new MultiSimilarityLoss(alpha: 2, beta: 50), new MultiSimilarityMiner()),
        ["SupCon"] = _ => new(new SupConLoss()),
        ["NTXent"] = _ => new(new NTXentLoss()),
        ["Contrastive"] = _ => new(new ContrastiveLoss()),
        ["TripletMargin"] = _ => new(new TripletMarginLoss(margin: 0.1), new MultiSimilarityMiner()),
        ["ArcFace"] = classes => new(new ArcFaceLoss(classes, Networks.EmbeddingSize)),
        ["ProxyAnchor"] = classes => new(new ProxyAnchorLoss(classes, Networks.EmbeddingSize)),
    };

    /// <summary>The names of the losses.</summary>
    public static IReadOnlyCollection<string> Losses => ByName.Keys;

    /// <summary>An average by its name.</summary>
    public static WeightAveraging? Average(string name) => name == "ema" ? WeightAveraging.Exponential(0.99) : null;

    /// <summary>A loss by its name.</summary>
    public static Recipe Of(string loss, int classes) => ByName[loss](classes);
}
