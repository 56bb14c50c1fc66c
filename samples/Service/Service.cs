using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.AI;
using PictureService.Http;
using PictureService.Model;
using PictureService.Store;

namespace PictureService;

/// <summary>A model, a store and the server before them.</summary>
internal sealed class Service : IAsyncDisposable
{
    private readonly ServedModel served;
    private readonly ItemStore store;
    private readonly EmbeddingQueue queue;
    private readonly Catalogue catalogue;

    private Service(
        ServedModel served,
        ItemStore store,
        EmbeddingQueue queue,
        Catalogue catalogue,
        WebApplication server
    )
    {
        (this.served, this.store, this.queue, this.catalogue) = (served, store, queue, catalogue);
        Server = server;
    }

    /// <summary>The server, not yet started.</summary>
    public WebApplication Server { get; }

    /// <summary>Everything but started: the model is read, and the store is open and filled.</summary>
    public static async Task<Service> Open(Options options)
    {
        var served = ServedModel.Open(options.Model, options.Device, options.MaxPixels);
        var store = new ItemStore(options.Store);
        var queue = new EmbeddingQueue(served);
        await Filling.Refresh(store, served, queue);
        if (options.Gallery is { } gallery)
        {
            foreach (var broken in await Filling.AddGallery(gallery, store, served, queue))
                Console.Error.WriteLine($"Left out: {broken}");
        }

        var catalogue = new Catalogue(store);
        return new(served, store, queue, catalogue, Build(options, served, store, queue, catalogue));
    }

    /// <summary>Ends the server, then what it serves.</summary>
    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        await queue.DisposeAsync();
        catalogue.Dispose();
        store.Dispose();
        served.Dispose();
    }

    private static WebApplication Build(
        Options options,
        ServedModel served,
        ItemStore store,
        EmbeddingQueue queue,
        Catalogue catalogue
    )
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls(options.Urls);
        builder.WebHost.ConfigureKestrel(server => server.Limits.MaxRequestBodySize = options.MaxUpload);
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        builder.Logging.AddFilter("Microsoft.AspNetCore.Diagnostics", LogLevel.None);
        builder.Services.Configure<FormOptions>(form => form.MultipartBodyLengthLimit = options.MaxUpload);
        builder.Services.AddProblemDetails();
        builder.Services.AddExceptionHandler<Problems>();
        builder.Services.AddOpenApi();
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton(served);
        builder.Services.AddSingleton(store);
        builder.Services.AddSingleton(queue);
        builder.Services.AddSingleton(catalogue);
        builder.Services.AddSingleton<IEmbeddingGenerator<byte[], Embedding<float>>>(
            new PictureEmbeddingGenerator(served, queue)
        );

        var server = builder.Build();
        // Outside of what makes answers of errors, so that answers are counted.
        server.UseRouting();
        server.UseMeasurements(catalogue);
        server.UseExceptionHandler();
        server.UseStatusCodePages();
        server.MapOpenApi();
        server.MapPage();
        server.MapSearch();
        server.MapItems();
        server.MapOperations();
        return server;
    }
}
