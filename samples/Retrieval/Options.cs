using System.CommandLine;
using System.CommandLine.Invocation;
using Digits;
using TorchSharp;

namespace Retrieval;

/// <summary>The options of the command line.</summary>
/// <param name="Queries">Numbers of test pictures, perhaps none; null: train and save.</param>
/// <param name="Out">The folder of the model and the page, created if need be.</param>
internal sealed record Options(int[]? Queries, int Neighbours, int Epochs, torch.Device Device, string Out)
{
    /// <summary>Networks, threshold and index.</summary>
    public string File => Path.Combine(Out, "model.safetensors");

    /// <summary>A mistake in <paramref name="args"/> is told on the error stream, and gives exit code 1.</summary>
    public static int Parse(string[] args, Func<Options, int> run)
    {
        var query = new Option<int[]>("--query")
        {
            Description = "Answer from what was saved: numbers of test pictures, or none for one of each digit.",
            HelpName = "N",
            Arity = ArgumentArity.ZeroOrMore,
            AllowMultipleArgumentsPerToken = true,
        };
        var neighbours = new Option<int>("--neighbours")
        {
            Description = "How many neighbours to show.",
            HelpName = "N",
            DefaultValueFactory = _ => 8,
        };
        var epochs = new Option<int>("--epochs")
        {
            Description = "How often to go through the training pictures.",
            HelpName = "N",
            DefaultValueFactory = _ => 10,
        };
        var device = Devices.Option();
        var folder = new Option<string>("--out")
        {
            Description = "Where the model and the page are.",
            HelpName = "FOLDER",
            DefaultValueFactory = _ => "retrieval",
        };
        var command = new RootCommand(
            "Trains an embedding of handwritten digits and saves it with an index; then finds the neighbours of pictures, in another process."
        )
        {
            query,
            neighbours,
            epochs,
            device,
            folder,
        };
        foreach (var number in new[] { neighbours, epochs })
        {
            number.Validators.Add(parsed =>
            {
                if (parsed.GetValueOrDefault<int>() < 1)
                    parsed.AddError($"{number.Name} takes a whole number from 1.");
            });
        }

        command.SetAction(parsed =>
            run(
                new(
                    parsed.GetResult(query) is null ? null : parsed.GetValue(query) ?? [],
                    parsed.GetRequiredValue(neighbours),
                    parsed.GetRequiredValue(epochs),
                    torch.device(parsed.GetRequiredValue(device)),
                    parsed.GetRequiredValue(folder)
                )
            )
        );

        var result = command.Parse(args);
        if (result.Action is ParseErrorAction mistake)
            mistake.ShowHelp = false;
        return result.Invoke();
    }
}
