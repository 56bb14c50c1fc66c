using System.CommandLine;
using System.CommandLine.Invocation;
using MetricLearning;
using TorchSharp;

namespace Digits;

/// <summary>What the command line asks for.</summary>
/// <param name="Loss">Null with a trainer whose losses the protocol says.</param>
/// <param name="Workers">Threads that load batches; 0 = the one that trains. Never changes a result.</param>
/// <param name="Precision">What networks compute with while they are trained.</param>
/// <param name="Out">The report's folder, created if need be.</param>
/// <param name="Records">The folder of the records; null keeps none.</param>
/// <param name="EvaluateEvery">Every how many epochs the test pictures are looked at meanwhile; 0 = never.</param>
/// <param name="Device">Where networks are trained.</param>
/// <param name="Checkpoint">Where runs save themselves, and go on when they were interrupted; null saves none.</param>
internal sealed record Options(
    string Trainer,
    string? Loss,
    int Epochs,
    int Seed,
    int Seeds,
    int Workers,
    torch.Device Device,
    Precision Precision,
    string Out,
    string? Records,
    int EvaluateEvery,
    string? Checkpoint
)
{
    /// <summary>The trainer, and the loss if there was a choice.</summary>
    public string Title => Loss is null ? Trainer : $"{Trainer} with {Loss}";

    /// <summary>Whether anything is recorded, on disk or for the report.</summary>
    public bool Recorded => Records is not null || EvaluateEvery > 0 || Checkpoint is not null;

    /// <summary>Seed … Seed + Seeds − 1.</summary>
    public IEnumerable<int> AllSeeds => Enumerable.Range(Seed, Seeds);

    /// <summary>A mistake in <paramref name="args"/> is told on the error stream, and gives exit code 1.</summary>
    public static int Parse(string[] args, Func<Options, CancellationToken, int> run)
    {
        var trainer = Choices.OneOf("--trainer", "How to train.", Protocols.Trainers, Protocols.WithLosses);
        var loss = Choices.OneOf(
            "--loss",
            $"What to train for, with {Protocols.WithLosses} only; the others have losses of their own.",
            Protocols.Losses,
            "TripletMargin"
        );
        var epochs = Choices.Number("--epochs", "How often to go through the training pictures.", 1, 10);
        var seed = Choices.Number("--seed", "Decides the first weights and the order of the pictures.", 0, 0);
        var seeds = Choices.Number("--seeds", "How many runs, with seeds SEED, SEED + 1, …", 1, 1);
        var workers = Choices.Number("--workers", "How many threads load batches; 0 = the one that trains.", 0, 0);
        var device = Devices.Option();
        var precision = Precisions.Option();
        var folder = Choices.Folder("--out", "Where to write the report.", "digits-report");
        var records = Choices.Folder(
            "--records",
            "Where to record the runs, each in a folder of its own; without it nowhere."
        );
        var every = Choices.Number(
            "--evaluate-every",
            "Every how many epochs to evaluate on the test pictures; 0 = never.",
            0,
            0
        );
        var checkpoint = Choices.Folder(
            "--checkpoint",
            "Where to save the runs every 20 iterations, each in a folder of its own. What is there already goes on."
        );
        var command = new RootCommand(
            "Trains an embedding of handwritten digits, and reports how well it finds equal ones."
        )
        {
            trainer,
            loss,
            epochs,
            seed,
            seeds,
            workers,
            device,
            precision,
            folder,
            records,
            every,
            checkpoint,
        };
        command.Validators.Add(parsed =>
        {
            var other = parsed.GetValue(trainer);
            if (
                other != Protocols.WithLosses
                && Protocols.Trainers.Contains(other)
                && parsed.GetResult(loss) is { Implicit: false }
            )
                parsed.AddError($"--loss goes with {Protocols.WithLosses}; {other} has losses of its own.");
        });
        command.SetAction(
            (parsed, cancellation) =>
                Task.FromResult(
                    run(
                        new(
                            parsed.GetRequiredValue(trainer),
                            parsed.GetRequiredValue(trainer) == Protocols.WithLosses
                                ? parsed.GetRequiredValue(loss)
                                : null,
                            parsed.GetRequiredValue(epochs),
                            parsed.GetRequiredValue(seed),
                            parsed.GetRequiredValue(seeds),
                            parsed.GetRequiredValue(workers),
                            torch.device(parsed.GetRequiredValue(device)),
                            Enum.Parse<Precision>(parsed.GetRequiredValue(precision)),
                            parsed.GetRequiredValue(folder),
                            parsed.GetValue(records),
                            parsed.GetRequiredValue(every),
                            parsed.GetValue(checkpoint)
                        ),
                        cancellation
                    )
                )
        );

        var result = command.Parse(args);
        if (result.Action is ParseErrorAction mistake)
            mistake.ShowHelp = false;
        return result.Invoke();
    }
}
