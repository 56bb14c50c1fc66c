using System.Net.Http.Json;
using System.Text.Json;
using MetricLearning;
using PictureService;
using PictureService.Store;
using ServiceTests.Support;
using Xunit;

namespace ServiceTests;

public class StartTests
{
    [Fact]
    public async Task What_was_added_is_there_after_a_restart_and_what_was_removed_is_not()
    {
        using var folder = new Folder();
        await using (var first = await RunningService.Start(folder))
        {
            await first.Add("red", "warm", Squares.Red);
            await first.Add("blue", "cold", Squares.Blue);
            await first.Client.DeleteAsync("/items/red");
        }

        await using var second = await RunningService.Start(folder);
        Assert.Equal(["blue"], await second.Search(Squares.Red));
    }

    [Fact]
    public async Task Another_model_embeds_what_is_there_again()
    {
        using var folder = new Folder();
        await using (var first = await RunningService.Start(folder, seed: 1))
            await first.Add("red", "warm", Squares.Red);

        await using var second = await RunningService.Start(folder, seed: 2);
        Assert.Equal(["red"], await second.Search(Squares.Red, "?threshold=1e-5"));
    }

    [Fact]
    public async Task A_gallery_is_added_once_without_its_broken_files()
    {
        using var folder = new Folder();
        foreach (var (label, picture) in new[] { ("warm", Squares.Red), ("cold", Squares.Blue) })
        {
            Directory.CreateDirectory(folder[$"gallery/{label}"]);
            File.WriteAllBytes(folder[$"gallery/{label}/one.png"], picture);
        }

        File.WriteAllText(folder["gallery/cold/broken.png"], "no picture");

        await using (var first = await RunningService.Start(folder, gallery: folder["gallery"]))
        {
            Assert.Equal(["cold/one.png", "warm/one.png"], (await first.Search(Squares.Red)).Order());
            var item = await first.Client.GetFromJsonAsync<JsonElement>("/items/warm%2Fone.png");
            Assert.Equal("warm", item.GetProperty("class").GetString());
            await first.Client.DeleteAsync("/items/warm%2Fone.png");
        }

        await using var second = await RunningService.Start(folder, gallery: folder["gallery"]);
        Assert.Equal(["cold/one.png"], await second.Search(Squares.Red));
    }

    [Fact]
    public async Task Two_services_do_not_share_a_store()
    {
        using var folder = new Folder();
        await using var first = await RunningService.Start(folder);
        var error = await Assert.ThrowsAsync<IOException>(() => Service.Open(RunningService.OptionsOf(folder)));
        Assert.Contains("Another service", error.Message);
        Assert.Contains("--store", error.Message);
    }

    [Fact]
    public void A_store_that_is_open_is_let_go_when_it_is_closed()
    {
        using var folder = new Folder();
        new ItemStore(folder["store"]).Dispose();
        new ItemStore(folder["store"]).Dispose();
    }

    [Fact]
    public async Task A_file_that_is_no_model_is_refused()
    {
        using var folder = new Folder();
        File.WriteAllText(folder["model.safetensors"], "no model");
        await Assert.ThrowsAsync<InvalidDataException>(() => Service.Open(RunningService.OptionsOf(folder)));
    }
}
