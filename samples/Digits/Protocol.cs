using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using MetricLearning;
using TorchSharp;
using static TorchSharp.torch;

namespace Digits;

/// <summary>How one trainer learns the digits. Its functions are called anew for every run, since their results learn.</summary>
/// <param name="Trainer">The trainer with the options that all have in common.</param>
/// <param name="Miners">Null lets the losses see everything.</param>
/// <param name="Heads">Networks beside trunk and embedder, if any.</param>
/// <param name="TrainerCode">How <paramref name="Trainer"/> is written in the program, which the compiler fills in.</param>
/// <param name="LossesCode">The same of <paramref name="Losses"/>.</param>
/// <param name="MinersCode">The same of <paramref name="Miners"/>.</param>
/// <param name="HeadsCode">The same of <paramref name="Heads"/>.</param>
internal sealed partial record Protocol(
    Func<TrainerOptions, BaseTrainer> Trainer,
    Func<LossFuncs> Losses,
    Func<MiningFuncs>? Miners = null,
    Func<Models>? Heads = null,
    [CallerArgumentExpression(nameof(Trainer))] string TrainerCode = "",
    [CallerArgumentExpression(nameof(Losses))] string LossesCode = "",
    [CallerArgumentExpression(nameof(Miners))] string MinersCode = "none",
    [CallerArgumentExpression(nameof(Heads))] string HeadsCode = "none"
)
{
    private const int BatchSize = 40;
    private const int PicturesPerDigit = 4;
    private const double LearningRate = 1e-3;

    /// <summary>How many numbers the embedder makes.</summary>
    public int EmbeddingSize { get; init; } = 32;

    /// <summary>The weight of every loss; null for 1 each.</summary>
    public LossWeights? LossWeights { get; init; }

    /// <summary>Samples made of the training pictures.</summary>
    public Func<DigitSet, TrainingData> Samples { get; init; } =
        digits => TrainingData.FromTensors(digits.Pictures, digits.Labels);

    /// <summary>What a reader of the loss curve should know.</summary>
    public string AboutLoss { get; init; } =
        Miners is null
            ? ""
            : "The miner keeps only what is still hard, so this curve may stay flat while the scores rise.";

    /// <summary>The trainer, ready to start; the hooks are called after every iteration and every epoch.</summary>
    public BaseTrainer Build(
        Options options,
        int seed,
        EmbeddingNet net,
        DigitSet digits,
        Action<BaseTrainer> endOfIterationHook,
        Func<BaseTrainer, bool?>? endOfEpochHook = null
    )
    {
        var losses = Losses();
        foreach (var loss in losses.Values)
            loss.to(options.Device);
        var learners = net.Networks.Concat(losses).Where(part => part.Value.parameters().Any());

        return Trainer(
            new()
            {
                Models = net.Networks,
                Optimizers = new(
                    learners.Select(part => KeyValuePair.Create($"{part.Key}_optimizer", Adam(part.Value)))
                ),
                BatchSize = BatchSize,
                LossFuncs = losses,
                LossWeights = LossWeights,
                MiningFuncs = Miners?.Invoke(),
                Dataset = Samples(digits),
                DataDevice = options.Device,
                Precision = options.Precision,
                Sampler = new MPerClassSampler(
                    digits.Labels,
                    m: PicturesPerDigit,
                    batchSize: BatchSize,
                    lengthBeforeNewIter: digits.Count
                ),
                DataloaderNumWorkers = options.Workers,
                Processes = Processes.Join(),
                EndOfIterationHook = endOfIterationHook,
                EndOfEpochHook = endOfEpochHook,
                Seed = seed,
                Checkpoints = options.Checkpoint is { } folder
                    ? new() { Folder = Path.Combine(folder, $"seed-{seed}"), EveryIterations = 20 }
                    : null,
            }
        );
    }

    private static AnyOptimizer Adam(nn.Module module) => optim.Adam(module.parameters(), LearningRate);

    /// <summary>The same in words, for the report.</summary>
    public IEnumerable<(string Name, string Value)> Settings =>
        [
            ("Trainer", Words(TrainerCode)),
            ("Losses", Words(LossesCode)),
            .. LossWeights is null
                ? Array.Empty<(string, string)>()
                : [("Weights", string.Join(", ", LossWeights.Select(entry => $"{entry.Key} {entry.Value}")))],
            ("Miners", Words(MinersCode)),
            ("Heads", Words(HeadsCode)),
            ("Optimizers", $"Adam, learning rate {LearningRate}, one for each part that learns"),
            ("Batches", $"{BatchSize} samples, {PicturesPerDigit} of each digit"),
        ];

    // From "() => new() { MetricLoss = new ContrastiveLoss() }" to "MetricLoss = ContrastiveLoss()".
    private static string Words(string code) => Ceremony().Replace(Spaces().Replace(code, " "), "");

    [GeneratedRegex(@"^\w* ?(\(\))? ?=> new(\(\) \{)? |\bnew |,? \}$|(?<=\() | (?=\))")]
    private static partial Regex Ceremony();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
