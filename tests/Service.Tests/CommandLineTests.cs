using System.Diagnostics;
using ServiceTests.Support;
using Xunit;

namespace ServiceTests;

public class CommandLineTests
{
    private static (int Code, string Error) Run(Folder folder, params string[] arguments)
    {
        var start = new ProcessStartInfo(
            "dotnet",
            [Path.Combine(AppContext.BaseDirectory, "Service.dll"), .. arguments]
        )
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            WorkingDirectory = folder.Path,
        };
        using var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, error);
    }

    [Fact]
    public void Without_a_model_it_says_how_to_get_one()
    {
        using var folder = new Folder();
        var (code, error) = Run(folder);
        Assert.Equal(1, code);
        Assert.Contains("There is no model pictures-report/model.safetensors", error);
        Assert.Contains("--model", error);
        Assert.DoesNotContain("   at ", error);
    }

    [Fact]
    public void Limits_out_of_range_are_refused()
    {
        using var folder = new Folder();
        var (code, error) = Run(folder, "--max-upload", "0");
        Assert.Equal(1, code);
        Assert.Contains("--max-upload takes a whole number", error);
    }

    [Fact]
    public void A_gallery_that_is_not_there_is_named()
    {
        using var folder = new Folder();
        TinyModel.Save(folder["m.safetensors"]);
        var (code, error) = Run(folder, "--model", "m.safetensors", "--gallery", "nowhere");
        Assert.Equal(1, code);
        Assert.Contains("nowhere", error);
        Assert.DoesNotContain("   at ", error);
    }
}
