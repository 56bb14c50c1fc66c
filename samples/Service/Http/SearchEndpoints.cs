using PictureService.Model;
using PictureService.Store;
using TorchSharp;

namespace PictureService.Http;

/// <summary>A picture in, what is near to it out.</summary>
internal static class SearchEndpoints
{
    private const int MostNeighbours = 1000;

    public static void MapSearch(this IEndpointRouteBuilder routes)
    {
        routes
            .MapPost("/search", Search)
            .WithSummary("The items nearest to a picture.")
            .Takes("k", "integer", "How many at most; 5 unless given.")
            .Takes("threshold", "number", "Only items at this cosine distance or nearer.")
            .Takes("class", "string", "Only items of this class.")
            .TakesPicture()
            .Produces<SearchAnswer>();
        routes
            .MapPost("/classify", Classify)
            .WithSummary("The class of a picture by the votes of its nearest items.")
            .Takes("k", "integer", "How many items are asked; 5 unless given.")
            .Takes(
                "threshold",
                "number",
                "Only items at this cosine distance or nearer have a vote; the model's unless given."
            )
            .TakesPicture()
            .Produces<ClassifyAnswer>();
    }

    private static async Task<SearchAnswer> Search(
        HttpRequest request,
        ServedModel served,
        EmbeddingQueue queue,
        Catalogue catalogue
    )
    {
        var k = request.Whole("k", 5, 1, MostNeighbours);
        var threshold = Distances.ToSimilarity(request.Number("threshold"));
        var wanted = request.Text("class");
        var vector = await Embedding(request, served, queue);
        var found = catalogue.Index.Search(vector, k, threshold, wanted is null ? null : item => item.Label == wanted);
        return new([.. found.Select(Neighbour.Of)]);
    }

    private static async Task<ClassifyAnswer> Classify(
        HttpRequest request,
        ServedModel served,
        EmbeddingQueue queue,
        Catalogue catalogue
    )
    {
        var k = request.Whole("k", 5, 1, MostNeighbours);
        var threshold = Distances.ToSimilarity(request.Number("threshold") ?? served.Threshold);
        var vector = await Embedding(request, served, queue);
        using var row = torch.tensor(vector, [1, vector.Length]);
        var found = catalogue.Classifier.ByVotes(row, k, threshold)[0];
        return new(found.Label, found.Confidence, [.. found.Nearest.Select(Neighbour.Of)]);
    }

    private static async Task<float[]> Embedding(HttpRequest request, ServedModel served, EmbeddingQueue queue)
    {
        var upload = await Upload.Read(request, served.Format);
        return await queue.Embed(upload.Picture, request.HttpContext.RequestAborted);
    }
}
