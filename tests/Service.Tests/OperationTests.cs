using System.Net.Http.Json;
using System.Text.Json;
using ServiceTests.Support;
using Xunit;

namespace ServiceTests;

public class OperationTests(ServiceFixture fixture) : IClassFixture<ServiceFixture>
{
    private HttpClient Client => fixture.Service.Client;

    [Fact]
    public async Task Metrics_count_requests_and_items()
    {
        await fixture.Service.Add("counted", "red", Squares.Red);
        await fixture.Service.Post("/search?k=0", Squares.Red);
        var response = await Client.GetAsync("/metrics");
        Assert.Equal("text/plain", response.Content.Headers.ContentType!.MediaType);
        var lines = (await response.Content.ReadAsStringAsync()).Split('\n');
        var counts = string.Join('\n', lines.Where(line => line.StartsWith("http_requests_received_total{")));
        Assert.True(counts.Contains("endpoint=\"/search\"") && counts.Contains("code=\"400\""), counts);
        Assert.Contains(lines, line => line.StartsWith("pictures_items ") && line != "pictures_items 0");
        Assert.Contains(lines, line => line.StartsWith("http_request_duration_seconds_bucket{"));
    }

    [Fact]
    public async Task The_document_of_the_interface_has_every_endpoint_with_what_it_takes()
    {
        var document = await Client.GetFromJsonAsync<JsonElement>("/openapi/v1.json");
        var paths = document.GetProperty("paths");
        var endpoints =
            from path in paths.EnumerateObject()
            from method in path.Value.EnumerateObject()
            orderby path.Name, method.Name
            select $"{method.Name} {path.Name}";
        Assert.Equal(
            [
                "post /classify",
                "get /health",
                "post /index/rebuild",
                "post /items",
                "delete /items/{id}",
                "get /items/{id}",
                "get /items/{id}/picture",
                "post /search",
            ],
            endpoints
        );
        var search = paths.GetProperty("/search").GetProperty("post");
        Assert.Equal(
            ["k", "threshold", "class"],
            search.GetProperty("parameters").EnumerateArray().Select(one => one.GetProperty("name").GetString())
        );
        Assert.True(
            search.GetProperty("requestBody").GetProperty("content").TryGetProperty("multipart/form-data", out _)
        );
        foreach (var status in new[] { "200", "400", "413", "415", "422" })
            Assert.True(search.GetProperty("responses").TryGetProperty(status, out _), status);
    }

    [Fact]
    public async Task The_page_is_there_and_runs_no_script_but_its_own()
    {
        var page = await Client.GetAsync("/");
        Assert.Equal("text/html", page.Content.Headers.ContentType!.MediaType);
        Assert.Contains("default-src 'none'", page.Headers.GetValues("Content-Security-Policy").Single());
        Assert.Contains("<title>", await page.Content.ReadAsStringAsync());
    }
}
