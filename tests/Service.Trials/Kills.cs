using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace ServiceTrials;

/// <summary>The service is killed while clients add and remove items. What it acknowledged holds when it is started again, on the disk and in the index.</summary>
internal static class Kills
{
    private const int Clients = 4;

    public static async Task<int> Run(int times)
    {
        using var folder = new Folder();
        TinyModel.Save(folder["model.safetensors"]);
        var checks = new Checks();
        var known = new Acknowledged();
        var random = new Random(1);
        for (var round = 0; round < times; round++)
        {
            using var service = await ServiceProcess.Start(folder);
            checks.That(await Holds(service, known), $"after {round} kills");
            var enough = known.Count + random.Next(1, 60);
            var clients = Enumerable
                .Range(0, Clients)
                .Select(client => Task.Run(() => Change(service, known, $"{round}-{client}", enough)))
                .ToArray();
            // The first client that has seen enough answers kills it, while the others wait for theirs.
            await Task.WhenAny(clients);
            service.Kill();
            await Task.WhenAll(clients);
        }

        using var last = await ServiceProcess.Start(folder);
        checks.That(await Holds(last, known), "in the end");
        Console.WriteLine(
            $"{times} kills, {known.Count} answers: {known.There.Count} items there, {known.Gone.Count} gone"
        );
        return checks.Sum();
    }

    private static async Task Change(ServiceProcess service, Acknowledged known, string name, int enough)
    {
        var random = new Random(name.Sum(letter => letter));
        try
        {
            for (var number = 0; known.Count < enough; number++)
            {
                var id = $"{name}-{number}";
                var picture = Squares.Png(random.Next(256), random.Next(256), random.Next(256));
                using var added = await service.Post($"/items?id={id}&class={id}", picture);
                added.EnsureSuccessStatusCode();
                known.Added(id, picture);
                if (number % 3 != 2)
                    continue;
                known.Removing(id);
                using var removed = await service.Client.DeleteAsync($"/items/{id}");
                removed.EnsureSuccessStatusCode();
                known.Removed(id);
            }
        }
        catch (Exception killed) when (killed is HttpRequestException { StatusCode: null } or IOException)
        {
            // No answer came.
        }
    }

    private static async Task<bool> Holds(ServiceProcess service, Acknowledged known)
    {
        var holds = true;
        foreach (var (id, picture) in known.There)
        {
            using var there = await service.Client.GetAsync($"/items/{id}/picture");
            var content = await there.Content.ReadAsByteArrayAsync();
            var found = await Found(service, id, picture);
            if (there.IsSuccessStatusCode && content.AsSpan().SequenceEqual(picture) && found == 1)
                continue;
            Console.WriteLine($"{id} was added: {(int)there.StatusCode}, found {found} times");
            holds = false;
        }

        foreach (var id in known.Gone)
        {
            var there = await service.Client.GetAsync($"/items/{id}");
            if (there.StatusCode == HttpStatusCode.NotFound && await Found(service, id, Squares.Red) == 0)
                continue;
            Console.WriteLine($"{id} was removed: {(int)there.StatusCode}");
            holds = false;
        }

        return holds;
    }

    private static async Task<int> Found(ServiceProcess service, string label, byte[] picture)
    {
        using var response = await service.Post($"/search?class={label}", picture);
        var answer = await response.Content.ReadFromJsonAsync<JsonElement>();
        return answer.GetProperty("neighbours").GetArrayLength();
    }
}
