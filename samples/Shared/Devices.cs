using System.CommandLine;
using TorchSharp;

namespace Samples;

/// <summary>Where networks are trained.</summary>
internal static class Devices
{
    /// <summary>The option of the command line.</summary>
    public static Option<string> Option()
    {
        var option = new Option<string>("--device")
        {
            Description = "Where to train: cpu, cuda or cuda:N.",
            HelpName = "DEVICE",
            DefaultValueFactory = _ => torch.cuda_is_available() ? "cuda" : "cpu",
        };
        option.Validators.Add(parsed =>
        {
            var name = parsed.GetValueOrDefault<string>();
            if (name is not "cpu" && !IsCuda(name))
                parsed.AddError($"--device {name} does not exist. There is: cpu, cuda, cuda:N.");
            else if (IsCuda(name) && !torch.cuda_is_available())
                parsed.AddError("There is no CUDA here. It needs a GPU, and -p:TorchBackend=cuda-linux in the build.");
        });
        return option;
    }

    private static bool IsCuda(string? name) =>
        name == "cuda" || name?.Split(':') is ["cuda", var number] && byte.TryParse(number, out _);
}
