using ServiceTests.Support;
using Xunit;

namespace ServiceTests;

public class ConcurrencyTests
{
    [Fact]
    public async Task Searches_additions_removals_and_rebuilds_go_on_side_by_side()
    {
        using var folder = new Folder();
        await using var service = await RunningService.Start(folder);
        await service.Add("stays", "red", Squares.Red);

        async Task Change(int client)
        {
            foreach (var number in Enumerable.Range(0, 10))
            {
                var id = $"{client}-{number}";
                await service.Add(id, "blue", Squares.Png(client, number, 200));
                if (number % 2 == 1)
                    (await service.Client.DeleteAsync($"/items/{id}")).EnsureSuccessStatusCode();
            }
        }

        async Task Search()
        {
            foreach (var _ in Enumerable.Range(0, 20))
                Assert.Equal(["stays"], await service.Search(Squares.Red, "?class=red"));
        }

        async Task Rebuild()
        {
            foreach (var _ in Enumerable.Range(0, 10))
                (await service.Client.PostAsync("/index/rebuild", null)).EnsureSuccessStatusCode();
        }

        await Task.WhenAll([.. Enumerable.Range(0, 4).Select(Change), Search(), Search(), Rebuild()]);

        var expected =
            from client in Enumerable.Range(0, 4)
            from number in new[] { 0, 2, 4, 6, 8 }
            select $"{client}-{number}";
        Assert.Equal(expected.Append("stays").Order(), (await service.Search(Squares.Red, "?k=1000")).Order());
    }
}
