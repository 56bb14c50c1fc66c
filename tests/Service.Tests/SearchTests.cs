using System.Net.Http.Json;
using System.Text.Json;
using ServiceTests.Support;
using Xunit;

namespace ServiceTests;

public class SearchTests : IAsyncLifetime
{
    private readonly Folder folder = new();
    private RunningService service = null!;

    public async Task InitializeAsync()
    {
        service = await RunningService.Start(folder);
        await service.Add("red", "warm", Squares.Red);
        await service.Add("orange", "warm", Squares.Png(250, 120, 10));
        await service.Add("blue", "cold", Squares.Blue);
    }

    public async Task DisposeAsync()
    {
        await service.DisposeAsync();
        folder.Dispose();
    }

    private async Task<JsonElement> Ask(string address, byte[] picture) =>
        await (await service.Post(address, picture)).Content.ReadFromJsonAsync<JsonElement>();

    [Fact]
    public async Task The_nearest_come_first_with_all_that_is_known_of_them()
    {
        var found = (await Ask("/search?k=2", Squares.Red)).GetProperty("neighbours");
        Assert.Equal(2, found.GetArrayLength());
        Assert.Equal("red", found[0].GetProperty("id").GetString());
        Assert.Equal("warm", found[0].GetProperty("class").GetString());
        Assert.Equal("/items/red/picture", found[0].GetProperty("picture").GetString());
        Assert.InRange(found[0].GetProperty("distance").GetDouble(), 0, 1e-6);
        Assert.True(found[1].GetProperty("distance").GetDouble() > found[0].GetProperty("distance").GetDouble());
    }

    [Fact]
    public async Task A_threshold_leaves_out_what_is_farther() =>
        Assert.Equal(["red"], await service.Search(Squares.Red, "?threshold=1e-5"));

    [Fact]
    public async Task A_class_leaves_out_the_others()
    {
        Assert.Equal(["blue"], await service.Search(Squares.Red, "?class=cold"));
        Assert.Empty(await service.Search(Squares.Red, "?class=never"));
    }

    [Fact]
    public async Task A_form_is_as_good_as_a_body()
    {
        using var form = new MultipartFormDataContent { { new ByteArrayContent(Squares.Blue), "picture", "a.png" } };
        var response = await service.Client.PostAsync("/search?k=1", form);
        var answer = await response.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal("blue", answer.GetProperty("neighbours")[0].GetProperty("id").GetString());
    }

    [Fact]
    public async Task A_picture_without_a_type_is_a_picture()
    {
        var response = await service.Post("/search", Squares.Red, type: null);
        Assert.True(response.IsSuccessStatusCode);
    }

    [Fact]
    public async Task The_class_is_that_of_most_neighbours()
    {
        var answer = await Ask("/classify?k=3&threshold=2", Squares.Red);
        Assert.Equal("warm", answer.GetProperty("class").GetString());
        Assert.Equal(2.0 / 3, answer.GetProperty("confidence").GetDouble(), 1e-9);
        Assert.Equal(3, answer.GetProperty("neighbours").GetArrayLength());
    }

    [Fact]
    public async Task What_is_near_to_nothing_has_no_class()
    {
        var answer = await Ask("/classify?threshold=0.000001", Squares.Png(120, 120, 120));
        Assert.Equal(JsonValueKind.Null, answer.GetProperty("class").ValueKind);
        Assert.Equal(0, answer.GetProperty("confidence").GetDouble());
    }
}
