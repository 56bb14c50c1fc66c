using PictureService.Model;
using PictureService.Store;

namespace PictureService.Http;

/// <summary>Items come, are asked for, and go.</summary>
internal static class ItemEndpoints
{
    public static void MapItems(this IEndpointRouteBuilder routes)
    {
        routes
            .MapPost("/items", Add)
            .WithSummary("Adds a picture. When the answer comes, it is on the disk, and is found.")
            .Takes("class", "string", "Its class; required, here or in the form.")
            .Takes("id", "string", "Its id; one is made unless given.")
            .Takes("payload", "string", "Any text to be found with it.")
            .Takes("replace", "boolean", "True: an item of this id is replaced.")
            .TakesPicture()
            .Produces<ItemAnswer>(201)
            .ProducesProblem(409);
        routes
            .MapGet("/items/{id}", (HttpContext context, ItemStore store) => ItemAnswer.Of(Known(context, store)))
            .WithSummary("An item.")
            .TakesId()
            .Produces<ItemAnswer>();
        routes
            .MapGet("/items/{id}/picture", Picture)
            .WithSummary("The picture of an item, as it was sent.")
            .TakesId()
            .Produces<byte[]>(200, "image/png", "image/jpeg", "image/webp", "image/bmp", "image/gif");
        routes
            .MapDelete("/items/{id}", Remove)
            .WithSummary("Removes an item. When the answer comes, it is gone from the disk, and is not found.")
            .TakesId()
            .Produces(204);
    }

    private static async Task<IResult> Add(
        HttpRequest request,
        ServedModel served,
        EmbeddingQueue queue,
        Catalogue catalogue
    )
    {
        var replace = request.Choice("replace");
        var upload = await Upload.Read(request, served.Format);
        var id = ItemNames.Checked(upload.Word("id") ?? Guid.CreateVersion7().ToString("N"));
        var label =
            upload.Word("class")
            ?? throw new Refusal(400, "The item has no class: give it in the address (?class=…) or in the form.");
        var item = new StoredItem(
            id,
            ItemNames.Line("class", label),
            upload.Word("payload"),
            DateTimeOffset.UtcNow,
            upload.File,
            await queue.Embed(upload.Picture, request.HttpContext.RequestAborted),
            served.Fingerprint
        );
        return catalogue.Put(item, replace)
            ? Results.Created(ItemNames.AddressOf(id), ItemAnswer.Of(item))
            : throw new Refusal(409, $"There is an item {id} already: give another id, or replace it (?replace=true).");
    }

    private static IResult Picture(HttpContext context, ItemStore store)
    {
        var item = Known(context, store);
        context.Response.Headers.XContentTypeOptions = "nosniff";
        return Results.Bytes(item.Picture, PictureTypes.Of(item.Picture));
    }

    private static IResult Remove(HttpContext context, Catalogue catalogue)
    {
        var id = ItemNames.IdOf(context);
        return catalogue.Remove(id) ? Results.NoContent() : throw Unknown(id);
    }

    private static StoredItem Known(HttpContext context, ItemStore store)
    {
        var id = ItemNames.IdOf(context);
        return store.Find(id) ?? throw Unknown(id);
    }

    private static Refusal Unknown(string id) => new(404, $"There is no item {id}.");
}
