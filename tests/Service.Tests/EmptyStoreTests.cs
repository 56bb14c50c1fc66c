using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using ServiceTests.Support;
using Xunit;

namespace ServiceTests;

public class EmptyStoreTests(ServiceFixture fixture) : IClassFixture<ServiceFixture>
{
    [Fact]
    public async Task A_search_finds_nothing() => Assert.Empty(await fixture.Service.Search(Squares.Red));

    [Fact]
    public async Task A_picture_has_no_class()
    {
        var response = await fixture.Service.Post("/classify", Squares.Red);
        var answer = await response.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal(JsonValueKind.Null, answer.GetProperty("class").ValueKind);
    }

    [Fact]
    public async Task It_is_ready_and_can_be_rebuilt()
    {
        var health = await fixture.Service.Client.GetFromJsonAsync<JsonElement>("/health");
        Assert.Equal("ready", health.GetProperty("status").GetString());
        Assert.Equal(0, health.GetProperty("items").GetInt32());
        Assert.Equal(HttpStatusCode.OK, (await fixture.Service.Client.PostAsync("/index/rebuild", null)).StatusCode);
    }
}
