using System.Diagnostics;
using System.Net.Http.Headers;

namespace ServiceTrials;

/// <summary>A service in a process of its own, which can be killed.</summary>
internal sealed class ServiceProcess : IDisposable
{
    private readonly Process process;

    private ServiceProcess(Process process, string address)
    {
        this.process = process;
        Client = new() { BaseAddress = new(address) };
    }

    public HttpClient Client { get; }

    /// <summary>Starts it on a folder with a store and, unless another is given, a model; returns when it listens.</summary>
    public static async Task<ServiceProcess> Start(Folder folder, string? model = null)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "Service.dll");
        string[] arguments =
        [
            program,
            "--model",
            model ?? folder["model.safetensors"],
            "--store",
            folder["store"],
            "--urls",
            "http://127.0.0.1:0",
            "--device",
            "cpu",
        ];
        var process = new Process
        {
            StartInfo = new("dotnet", arguments) { RedirectStandardOutput = true },
            EnableRaisingEvents = true,
        };
        const string ready = "Listening on ";
        var address = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        process.OutputDataReceived += (_, line) =>
        {
            if (line.Data?.StartsWith(ready) == true)
                address.TrySetResult(line.Data[ready.Length..]);
        };
        process.Exited += (_, _) =>
            address.TrySetException(new InvalidOperationException("The service ended before it listened."));
        process.Start();
        process.BeginOutputReadLine();
        return new(process, await address.Task);
    }

    /// <summary>Posts a picture as the body.</summary>
    public async Task<HttpResponseMessage> Post(string address, byte[] picture)
    {
        using var body = new ByteArrayContent(picture);
        body.Headers.ContentType = new MediaTypeHeaderValue("image/png");
        return await Client.PostAsync(address, body);
    }

    /// <summary>Kills it as the system would: it does not notice.</summary>
    public void Kill()
    {
        process.Kill();
        process.WaitForExit();
    }

    public void Dispose()
    {
        Kill();
        Client.Dispose();
        process.Dispose();
    }
}
