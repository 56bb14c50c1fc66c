using System.CommandLine;
using System.CommandLine.Invocation;
using Samples;
using TorchSharp;

namespace PictureService;

/// <summary>The options of the command line.</summary>
/// <param name="Gallery">A folder whose pictures are added when the store is new; null for none.</param>
/// <param name="MaxUpload">The largest request, in bytes.</param>
/// <param name="MaxPixels">The pixels of the largest picture.</param>
internal sealed record Options(
    string Model,
    string Store,
    string? Gallery,
    string Urls,
    long MaxUpload,
    long MaxPixels,
    torch.Device Device
)
{
    /// <summary>A mistake in <paramref name="args"/> is told on the error stream, and gives exit code 1.</summary>
    public static int Parse(string[] args, Func<Options, int> run)
    {
        var model = Word(
            "--model",
            "FILE",
            "The model, as samples/Pictures saves it.",
            "pictures-report/model.safetensors"
        );
        var store = Word("--store", "FOLDER", "Where items are kept; made if need be.", "pictures-store");
        var gallery = new Option<string?>("--gallery")
        {
            Description = "Pictures to begin with: a folder for each class. They are added once.",
            HelpName = "FOLDER",
        };
        var urls = Word("--urls", "URLS", "Where to listen; several with semicolons.", "http://127.0.0.1:5080");
        var upload = Limit("--max-upload", "BYTES", "The largest request.", 10_000_000);
        var pixels = Limit("--max-pixels", "N", "The pixels of the largest picture.", 25_000_000);
        var device = Devices.Option();
        device.Description = "Where to embed: cpu, cuda or cuda:N.";
        var command = new RootCommand("Serves a model of pictures: search, classes, and items that are kept on disk.")
        {
            model,
            store,
            gallery,
            urls,
            upload,
            pixels,
            device,
        };

        command.SetAction(parsed =>
            run(
                new(
                    parsed.GetRequiredValue(model),
                    parsed.GetRequiredValue(store),
                    parsed.GetValue(gallery),
                    parsed.GetRequiredValue(urls),
                    parsed.GetRequiredValue(upload),
                    parsed.GetRequiredValue(pixels),
                    torch.device(parsed.GetRequiredValue(device))
                )
            )
        );

        var result = command.Parse(args);
        if (result.Action is ParseErrorAction mistake)
            mistake.ShowHelp = false;
        return result.Invoke();
    }

    private static Option<string> Word(string name, string value, string description, string otherwise) =>
        new(name)
        {
            Description = description,
            HelpName = value,
            DefaultValueFactory = _ => otherwise,
        };

    private static Option<long> Limit(string name, string value, string description, long otherwise)
    {
        var option = new Option<long>(name)
        {
            Description = description,
            HelpName = value,
            DefaultValueFactory = _ => otherwise,
        };
        option.Validators.Add(parsed =>
        {
            if (parsed.GetValueOrDefault<long>() is < 1 or > 1_000_000_000)
                parsed.AddError($"{name} takes a whole number from 1 to 1000000000.");
        });
        return option;
    }
}
