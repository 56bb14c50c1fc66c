using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using ServiceTests.Support;
using Xunit;

namespace ServiceTests;

public class ItemTests(ServiceFixture fixture) : IClassFixture<ServiceFixture>
{
    private HttpClient Client => fixture.Service.Client;

    [Theory]
    [InlineData("plain")]
    [InlineData("a/b/c.png")]
    [InlineData("a%2Fb")]
    [InlineData("100 % ?&=#+;:@!$'()*,[]")]
    [InlineData("\"quoted\" \\ <b>")]
    [InlineData("Größe 猫 🐈 ́")]
    [InlineData(" leading and trailing ")]
    [InlineData("x/picture")]
    [InlineData("'; DROP TABLE items; --")]
    [InlineData("...")]
    public async Task An_item_is_added_found_shown_and_removed_by_any_id(string id)
    {
        var response = await fixture.Service.Post(
            $"/items?id={Uri.EscapeDataString(id)}&class=green&payload=a%0Ab",
            Squares.Green
        );
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        var address = response.Headers.Location!.OriginalString;

        var item = await Client.GetFromJsonAsync<JsonElement>(address);
        Assert.Equal(id, item.GetProperty("id").GetString());
        Assert.Equal("green", item.GetProperty("class").GetString());
        Assert.Equal("a\nb", item.GetProperty("payload").GetString());

        var picture = await Client.GetAsync(item.GetProperty("picture").GetString());
        Assert.Equal("image/png", picture.Content.Headers.ContentType!.MediaType);
        Assert.Equal(Squares.Green, await picture.Content.ReadAsByteArrayAsync());
        Assert.Contains(id, await fixture.Service.Search(Squares.Green, "?k=100"));

        Assert.Equal(HttpStatusCode.NoContent, (await Client.DeleteAsync(address)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await Client.GetAsync(address)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await Client.DeleteAsync(address)).StatusCode);
        Assert.DoesNotContain(id, await fixture.Service.Search(Squares.Green, "?k=100"));
    }

    [Fact]
    public async Task A_form_has_the_picture_and_its_words()
    {
        using var form = new MultipartFormDataContent
        {
            { new StringContent("from a form"), "id" },
            { new StringContent("red"), "class" },
            { new StringContent("{\"a\": 1}"), "payload" },
            { new ByteArrayContent(Squares.Red), "picture", "red.png" },
        };
        var response = await Client.PostAsync("/items", form);
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        var item = await Client.GetFromJsonAsync<JsonElement>("/items/from%20a%20form");
        Assert.Equal("red", item.GetProperty("class").GetString());
        Assert.Equal("{\"a\": 1}", item.GetProperty("payload").GetString());
    }

    [Fact]
    public async Task An_item_without_an_id_gets_one()
    {
        var added = await fixture.Service.Post("/items?class=blue", Squares.Blue);
        var item = await added.Content.ReadFromJsonAsync<JsonElement>();
        var again = await Client.GetFromJsonAsync<JsonElement>($"/items/{item.GetProperty("id")}");
        Assert.Equal("blue", again.GetProperty("class").GetString());
    }

    [Fact]
    public async Task An_item_is_replaced_only_if_that_is_said()
    {
        await fixture.Service.Add("twice", "red", Squares.Red);
        var refused = await fixture.Service.Post("/items?id=twice&class=blue", Squares.Blue);
        Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
        Assert.Equal("red", await ClassOf("twice"));

        var replaced = await fixture.Service.Post("/items?id=twice&class=blue&replace=true", Squares.Blue);
        Assert.Equal(HttpStatusCode.Created, replaced.StatusCode);
        Assert.Equal("blue", await ClassOf("twice"));
        Assert.DoesNotContain("twice", await fixture.Service.Search(Squares.Red, "?threshold=1e-5"));
    }

    private async Task<string?> ClassOf(string id) =>
        (await Client.GetFromJsonAsync<JsonElement>($"/items/{id}")).GetProperty("class").GetString();
}
