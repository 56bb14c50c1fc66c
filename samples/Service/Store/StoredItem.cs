namespace PictureService.Store;

/// <summary>An item as it is kept on disk.</summary>
/// <param name="Payload">Whatever was sent to be found with it; null for nothing.</param>
/// <param name="Picture">The file, as it was sent.</param>
/// <param name="Vector">Its embedding by the model <paramref name="Model"/>.</param>
/// <param name="Model">The fingerprint of the model's file.</param>
internal sealed record StoredItem(
    string Id,
    string Class,
    string? Payload,
    DateTimeOffset Added,
    byte[] Picture,
    float[] Vector,
    string Model
);

/// <summary>What an index needs of an item.</summary>
internal sealed record StoredVector(string Id, string Class, string? Payload, float[] Vector);
