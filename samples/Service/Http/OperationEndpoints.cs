using PictureService.Model;
using PictureService.Store;

namespace PictureService.Http;

/// <summary>What who runs the service asks of it.</summary>
internal static class OperationEndpoints
{
    public static void MapOperations(this IEndpointRouteBuilder routes)
    {
        routes
            .MapGet(
                "/health",
                (ItemStore store, ServedModel served) => new HealthAnswer("ready", store.Count(), served.Fingerprint)
            )
            .WithSummary("Whether the service answers, and can read its store.");
        routes
            .MapPost("/index/rebuild", Rebuild)
            .WithSummary("Reads the index anew from the store, while the old one answers.")
            .Produces<RebuildAnswer>()
            .ProducesProblem(409);
    }

    private static async Task<RebuildAnswer> Rebuild(Catalogue catalogue) =>
        await Task.Run(catalogue.TryRebuild)
            ? new(catalogue.Index.Count)
            : throw new Refusal(409, "The index is being rebuilt already: wait until that is done.");
}
