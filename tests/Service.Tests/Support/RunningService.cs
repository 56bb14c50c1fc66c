using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using PictureService;
using TorchSharp;

namespace ServiceTests.Support;

/// <summary>A service in this process, on a port of its own.</summary>
internal sealed class RunningService : IAsyncDisposable
{
    private readonly Service service;

    private RunningService(Service service)
    {
        this.service = service;
        Client = new() { BaseAddress = new(service.Server.Urls.Single()) };
    }

    public HttpClient Client { get; }

    public IServiceProvider Services => service.Server.Services;

    public static Options OptionsOf(Folder folder, string? gallery = null) =>
        new(
            folder["model.safetensors"],
            folder["store"],
            gallery,
            "http://127.0.0.1:0",
            MaxUpload: 100_000,
            MaxPixels: 1_000_000,
            torch.CPU
        );

    /// <summary>A service of a folder, with a model of this seed.</summary>
    public static async Task<RunningService> Start(Folder folder, long seed = 1, string? gallery = null)
    {
        TinyModel.Save(folder["model.safetensors"], seed);
        var service = await Service.Open(OptionsOf(folder, gallery));
        await service.Server.StartAsync();
        return new(service);
    }

    /// <summary>Posts a picture as the body.</summary>
    public Task<HttpResponseMessage> Post(string address, byte[] picture, string? type = "image/png")
    {
        var body = new ByteArrayContent(picture);
        body.Headers.ContentType = type is null ? null : new MediaTypeHeaderValue(type);
        return Client.PostAsync(address, body);
    }

    /// <summary>Adds an item.</summary>
    public async Task<JsonElement> Add(string id, string label, byte[] picture)
    {
        var response = await Post($"/items?id={Uri.EscapeDataString(id)}&class={label}", picture);
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadFromJsonAsync<JsonElement>();
    }

    /// <summary>The ids that a search finds.</summary>
    public async Task<string[]> Search(byte[] picture, string query = "")
    {
        var response = await Post("/search" + query, picture);
        response.EnsureSuccessStatusCode();
        var answer = await response.Content.ReadFromJsonAsync<JsonElement>();
        return [.. answer.GetProperty("neighbours").EnumerateArray().Select(one => one.GetProperty("id").GetString()!)];
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await service.DisposeAsync();
    }
}
