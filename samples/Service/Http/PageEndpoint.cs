namespace PictureService.Http;

/// <summary>The page to drop a picture on.</summary>
internal static class PageEndpoint
{
    // Whatever the texts of items are, they run no script but the page's own.
    private const string Policy =
        "default-src 'none'; connect-src 'self'; img-src 'self' blob: data:; style-src 'unsafe-inline'; "
        + "script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    public static void MapPage(this IEndpointRouteBuilder routes) => routes.MapGet("/", Page).ExcludeFromDescription();

    private static IResult Page(HttpContext context)
    {
        context.Response.Headers.ContentSecurityPolicy = Policy;
        var page = typeof(PageEndpoint).Assembly.GetManifestResourceStream("index.html");
        return Results.Stream(page!, "text/html; charset=utf-8");
    }
}
