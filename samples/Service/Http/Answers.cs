using MetricLearning;
using PictureService.Store;

namespace PictureService.Http;

/// <summary>An item that was found.</summary>
/// <param name="Distance">The cosine distance, 1 less the cosine of the angle between embeddings: from 0, the same direction, to 2.</param>
/// <param name="Picture">The address of its picture.</param>
internal sealed record Neighbour(string Id, string? Class, double Distance, string? Payload, string Picture)
{
    public static Neighbour Of(FoundItem found) =>
        new(
            found.Id.ToString(),
            found.Label,
            Distances.OfSimilarity(found.Distance),
            found.Payload,
            ItemNames.PictureOf(found.Id.ToString())
        );
}

/// <summary>What is nearest to a picture, nearest first.</summary>
internal sealed record SearchAnswer(IReadOnlyList<Neighbour> Neighbours);

/// <summary>The class of a picture.</summary>
/// <param name="Class">Null if nothing is near enough.</param>
/// <param name="Confidence">The share of the neighbours that are near enough and of this class, from 0 to 1.</param>
/// <param name="Neighbours">Those that were asked, nearest first.</param>
internal sealed record ClassifyAnswer(string? Class, double Confidence, IReadOnlyList<Neighbour> Neighbours);

/// <summary>An item.</summary>
/// <param name="Picture">The address of its picture.</param>
internal sealed record ItemAnswer(string Id, string Class, string? Payload, DateTimeOffset Added, string Picture)
{
    public static ItemAnswer Of(StoredItem item) =>
        new(item.Id, item.Class, item.Payload, item.Added, ItemNames.PictureOf(item.Id));
}

/// <summary>How the service is.</summary>
/// <param name="Status">"ready".</param>
/// <param name="Model">Differs between files of models.</param>
internal sealed record HealthAnswer(string Status, int Items, string Model);

/// <summary>An index that was read anew.</summary>
internal sealed record RebuildAnswer(int Items);
