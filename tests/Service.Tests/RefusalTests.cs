using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using ServiceTests.Support;
using Xunit;

namespace ServiceTests;

/// <summary>What cannot be answered is a status and a sentence that says what to do.</summary>
public class RefusalTests(ServiceFixture fixture) : IClassFixture<ServiceFixture>
{
    private static async Task Refused(HttpResponseMessage response, int status, string words)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(status == (int)response.StatusCode, $"{(int)response.StatusCode}: {text}");
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
        var problem = JsonDocument.Parse(text).RootElement;
        Assert.Equal(status, problem.GetProperty("status").GetInt32());
        Assert.Contains(words, problem.GetProperty("detail").GetString());
    }

    public static TheoryData<string, string> Addresses =>
        new()
        {
            { "/search?k=0", "k=0: k takes a whole number from 1 to 1000" },
            { "/search?k=1001", "from 1 to 1000" },
            { "/search?k=2.5", "k=2.5" },
            { "/search?k=many", "k=many" },
            { "/search?k=1&k=2", "k is in the address 2 times" },
            { "/search?threshold=near", "threshold takes a number" },
            { "/search?threshold=NaN", "threshold=NaN" },
            { "/search?threshold=1e999", "threshold" },
            { "/classify?k=-1", "k=-1" },
            { "/classify?threshold=,5", "threshold" },
            { "/items", "no class" },
            { "/items?class=", "no class" },
            { "/items?class=a%0Ab", "control characters" },
            { "/items?class=a&id=%07", "control characters" },
            { "/items?class=a&id=.", "lost in an address" },
            { "/items?class=a&id=..", "lost in an address" },
            { "/items?class=a&replace=maybe", "true or false" },
            { $"/items?class=a&id={new string('x', 301)}", "300 are the most" },
        };

    [Theory]
    [MemberData(nameof(Addresses))]
    public async Task Values_that_do_not_fit_are_refused(string address, string words) =>
        await Refused(await fixture.Service.Post(address, Squares.Red), 400, words);

    public static TheoryData<string> Takers => new() { "/search", "/classify", "/items?class=a" };

    [Theory]
    [MemberData(nameof(Takers))]
    public async Task Nothing_is_no_picture(string address) =>
        await Refused(await fixture.Service.Post(address, []), 400, "no picture");

    [Theory]
    [MemberData(nameof(Takers))]
    public async Task A_text_is_no_picture(string address) =>
        await Refused(await fixture.Service.Post(address, "hello"u8.ToArray()), 422, "the picture: ");

    [Theory]
    [MemberData(nameof(Takers))]
    public async Task Half_a_picture_is_none(string address) =>
        await Refused(await fixture.Service.Post(address, Squares.Red[..40]), 422, "the picture: ");

    [Theory]
    [MemberData(nameof(Takers))]
    public async Task A_picture_of_too_many_pixels_is_refused(string address) =>
        await Refused(await fixture.Service.Post(address, Squares.Png(1, 2, 3, side: 1001)), 422, "pixels");

    [Theory]
    [MemberData(nameof(Takers))]
    public async Task Another_type_is_refused(string address) =>
        await Refused(await fixture.Service.Post(address, Squares.Red, "text/plain"), 415, "text/plain is neither");

    [Theory]
    [MemberData(nameof(Takers))]
    public async Task A_request_that_is_too_large_is_refused(string address)
    {
        await Refused(await fixture.Service.Post(address, new byte[100_001]), 413, "100000 bytes");

        using var form = new MultipartFormDataContent { { new ByteArrayContent(new byte[100_001]), "picture", "a" } };
        await Refused(await fixture.Service.Client.PostAsync(address, form), 413, "100000 bytes");
    }

    [Theory]
    [MemberData(nameof(Takers))]
    public async Task A_request_that_does_not_say_how_large_it_is_is_refused_too(string address)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, address)
        {
            Content = new ByteArrayContent(new byte[100_001]),
            Headers = { TransferEncodingChunked = true },
        };
        await Refused(await fixture.Service.Client.SendAsync(request), 413, "100000 bytes");
    }

    [Theory]
    [MemberData(nameof(Takers))]
    public async Task A_form_without_a_picture_is_refused(string address)
    {
        using var empty = new MultipartFormDataContent { { new StringContent("x"), "id" } };
        await Refused(await fixture.Service.Client.PostAsync(address, empty), 400, "0 files");

        using var two = new MultipartFormDataContent
        {
            { new ByteArrayContent(Squares.Red), "picture", "a.png" },
            { new ByteArrayContent(Squares.Red), "picture", "b.png" },
        };
        await Refused(await fixture.Service.Client.PostAsync(address, two), 400, "2 files");
    }

    [Theory]
    [MemberData(nameof(Takers))]
    public async Task A_form_that_breaks_off_is_refused(string address)
    {
        using var broken = new ByteArrayContent(Encoding.ASCII.GetBytes("--x\r\nContent-Dispo"));
        broken.Headers.TryAddWithoutValidation("Content-Type", "multipart/form-data; boundary=x");
        await Refused(await fixture.Service.Client.PostAsync(address, broken), 400, "form cannot be read");
    }

    [Fact]
    public async Task A_word_that_is_in_a_form_twice_is_refused()
    {
        using var form = new MultipartFormDataContent
        {
            { new StringContent("a"), "class" },
            { new StringContent("b"), "class" },
            { new ByteArrayContent(Squares.Red), "picture", "a.png" },
        };
        await Refused(await fixture.Service.Client.PostAsync("/items", form), 400, "class is in the form 2 times");
    }

    [Fact]
    public async Task A_word_of_another_encoding_is_refused()
    {
        using var form = new MultipartFormDataContent
        {
            { new ByteArrayContent([0x47, 0x72, 0xFC, 0x6E]), "class" },
            { new ByteArrayContent(Squares.Red), "picture", "a.png" },
        };
        await Refused(await fixture.Service.Client.PostAsync("/items", form), 400, "class is not in UTF-8");
    }

    [Theory]
    [InlineData("GET", "/items/never")]
    [InlineData("GET", "/items/never/picture")]
    [InlineData("DELETE", "/items/never")]
    public async Task An_item_that_is_not_there_is_not_found(string method, string address) =>
        await Refused(
            await fixture.Service.Client.SendAsync(new(new HttpMethod(method), address)),
            404,
            "There is no item never."
        );

    [Fact]
    public async Task Other_addresses_and_methods_are_problems_too()
    {
        var elsewhere = await fixture.Service.Client.GetAsync("/elsewhere");
        Assert.Equal(404, (await elsewhere.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("status").GetInt32());
        var method = await fixture.Service.Client.GetAsync("/search");
        Assert.Equal(405, (await method.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("status").GetInt32());
    }
}
