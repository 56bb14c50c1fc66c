using System.CommandLine;
using System.CommandLine.Invocation;
using MetricLearning;
using TorchSharp;

namespace Pictures;

/// <summary>What the command line asks for.</summary>
/// <param name="Data">A folder with a subfolder for each class; null: the bundled pictures.</param>
/// <param name="Classes">How many of the training classes to use; null: all.</param>
/// <param name="Weights">A file with weights of the trunk, trained elsewhere; null: random ones.</param>
/// <param name="Views">How two views of every picture are trained on; none: with classes, by trainer and loss.</param>
/// <param name="Workers">Threads that read and change pictures. Never changes a result.</param>
/// <param name="Precision">What networks compute with, in training and after it.</param>
/// <param name="Average">Which weights are kept: the last, or the average of those before.</param>
/// <param name="EvaluateEvery">Every how many epochs the test pictures are looked at meanwhile; 0 = never.</param>
/// <param name="Out">The folder of the page and the model, created if need be.</param>
/// <param name="Records">The folder of the records; null keeps none.</param>
/// <param name="Checkpoint">Where the run saves itself, and goes on when it was interrupted; null saves none.</param>
/// <param name="Evaluate">A saved model, and a folder to score it on; null: train.</param>
internal sealed record Options(
    string? Data,
    int? Classes,
    Networks Networks,
    string? Weights,
    string Trainer,
    string Loss,
    string Negatives,
    string Views,
    int Epochs,
    int Seed,
    int Workers,
    torch.Device Device,
    Precision Precision,
    string Average,
    int EvaluateEvery,
    string Out,
    string? Records,
    string? Checkpoint,
    (string File, string Folder)? Evaluate
)
{
    /// <summary>The one file that holds what was learned.</summary>
    public string Model => Path.Combine(Out, "model.safetensors");

    /// <summary>What is trained, in words.</summary>
    public string Method => Views == Pictures.Views.None ? $"{Trainer} with {Loss}" : $"{Views} on two views";

    /// <summary>How pictures are changed while training.</summary>
    public Augmentation Augmentation =>
        Views == Pictures.Views.None ? Training.Augmentation : Pictures.Views.Augmentation(Networks.Size);

    /// <summary>A mistake in <paramref name="args"/> is told on the error stream, and gives exit code 1.</summary>
    public static int Parse(string[] args, Func<Options, CancellationToken, int> run)
    {
        var data = Choices.Folder(
            "--data",
            "Pictures to train on, a subfolder for each class; without it the bundled ones."
        );
        var classes = Choices.Number("--classes", "How many of the training classes to use; 0 = all.", 0, 0);
        var trunk = Choices.OneOf("--trunk", "The network that sees the pictures.", Networks.Names, "small");
        var size = Choices.Number("--size", "The height and width to which pictures are brought.", 16, 48);
        var weights = new Option<string>("--weights")
        {
            Description = "Weights of the trunk, trained elsewhere: safetensors, or what torch.save of PyTorch wrote.",
            HelpName = "FILE",
        };
        var trainer = Choices.OneOf("--trainer", "How to train.", Recipe.Trainers, Recipe.Trainers[0]);
        var loss = Choices.OneOf("--loss", "What to train for.", Recipe.Losses, Recipe.Losses.First());
        var negatives = Choices.OneOf(
            "--negatives",
            "The classes of a batch: random ones, or half of them confused with the others, found anew in every epoch.",
            Recipe.Negatives,
            Recipe.Negatives[0]
        );
        var views = Choices.OneOf(
            "--views",
            "Train on two views of every picture instead, without its class (supcon: with it).",
            Pictures.Views.Names,
            Pictures.Views.None
        );
        var epochs = Choices.Number("--epochs", "How often to go through the training pictures.", 1, Training.Epochs);
        var seed = Choices.Number(
            "--seed",
            "Decides the first weights, the order of the pictures and their changes.",
            0,
            0
        );
        var workers = Choices.Number("--workers", "How many threads read pictures; 0 = the one that trains.", 0, 2);
        var device = Devices.Option();
        var precision = Precisions.Option();
        var average = Choices.OneOf(
            "--average",
            "The weights to keep: the last, or an exponential moving average.",
            Recipe.Averages,
            Recipe.Averages[0]
        );
        var every = Choices.Number(
            "--evaluate-every",
            "Every how many epochs to evaluate on the test pictures; 0 = never.",
            0,
            10
        );
        var folder = Choices.Folder("--out", "Where to write the page and the model.", "pictures-report");
        var records = Choices.Folder("--records", "Where to record the run; without it nowhere.");
        var checkpoint = Choices.Folder(
            "--checkpoint",
            "Where to save the run after every epoch. What is there already goes on."
        );
        var evaluate = new Option<string[]>("--evaluate")
        {
            Description = "Score a saved model on a folder of classes that it never saw, instead of training.",
            HelpName = "FILE FOLDER",
            Arity = new ArgumentArity(2, 2),
            AllowMultipleArgumentsPerToken = true,
        };
        var command = new RootCommand(
            "Learns from classes of pictures what makes two the same thing, and finds pictures of classes that it never saw."
        )
        {
            data,
            classes,
            trunk,
            size,
            weights,
            trainer,
            loss,
            negatives,
            views,
            epochs,
            seed,
            workers,
            device,
            precision,
            average,
            every,
            folder,
            records,
            checkpoint,
            evaluate,
        };
        command.SetAction(
            (parsed, cancellation) =>
                Task.FromResult(
                    run(
                        new(
                            parsed.GetValue(data),
                            parsed.GetRequiredValue(classes) is > 0 and var count ? count : null,
                            new(parsed.GetRequiredValue(trunk), parsed.GetRequiredValue(size)),
                            parsed.GetValue(weights),
                            parsed.GetRequiredValue(trainer),
                            parsed.GetRequiredValue(loss),
                            parsed.GetRequiredValue(negatives),
                            parsed.GetRequiredValue(views),
                            parsed.GetRequiredValue(epochs),
                            parsed.GetRequiredValue(seed),
                            parsed.GetRequiredValue(workers),
                            torch.device(parsed.GetRequiredValue(device)),
                            Enum.Parse<Precision>(parsed.GetRequiredValue(precision)),
                            parsed.GetRequiredValue(average),
                            parsed.GetRequiredValue(every),
                            parsed.GetRequiredValue(folder),
                            parsed.GetValue(records),
                            parsed.GetValue(checkpoint),
                            parsed.GetValue(evaluate) is [var file, var scored] ? (file, scored) : null
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
