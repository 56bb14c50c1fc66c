using System.Collections.Concurrent;
using System.Diagnostics;

namespace ServiceTrials;

/// <summary>How long answers take, alone and while items are added and the index is rebuilt.</summary>
internal static class Load
{
    // Below this a few slow answers decide, and ratios say nothing.
    private const int Judged = 30;
    private const double MostTimes = 3;
    private const int Items = 1000;

    public static async Task<int> Run(int seconds, string? model)
    {
        using var folder = new Folder();
        TinyModel.Save(folder["model.safetensors"]);
        using var service = await ServiceProcess.Start(folder, model);
        var pictures = Enumerable.Range(0, Items).Select(Picture).ToArray();
        for (var number = 0; number < Items; number++)
            (await service.Post($"/items?id=first-{number}&class=a", pictures[number])).EnsureSuccessStatusCode();

        var checks = new Checks();
        Console.WriteLine($"{seconds} s each, {Items} items at first; milliseconds");
        Console.WriteLine("clients  beside it                      p50     p95     p99  answers/s  failed");
        await Clients(service, pictures, 8, TimeSpan.FromSeconds(1)); // warm
        foreach (var clients in new[] { 1, 8 })
        {
            var span = TimeSpan.FromSeconds(seconds);
            var alone = await Clients(service, pictures, clients, span);
            Tell(clients, "nothing", alone, span);
            var changing = Change(service, pictures, $"{clients}", span, Items * Math.Min(seconds, 60) / 60);
            var beside = await Clients(service, pictures, clients, span);
            var (added, rebuilt) = await changing;
            Tell(clients, $"{added} added, {rebuilt} rebuilds", beside, span);
            checks.That(alone.Failed + beside.Failed == 0, $"{alone.Failed + beside.Failed} requests failed");
            var times = At(beside.Times, 0.95) / At(alone.Times, 0.95);
            Console.WriteLine($"p95 is {times:F2} times that alone");
            if (seconds >= Judged)
                checks.That(times <= MostTimes, $"p95 is {times:F2} times that alone, with {clients} clients");
        }

        return checks.Sum();
    }

    private sealed record Measured(double[] Times, int Failed);

    private static async Task<Measured> Clients(ServiceProcess service, byte[][] pictures, int clients, TimeSpan span)
    {
        var times = new ConcurrentBag<double>();
        var failed = 0;
        var clock = Stopwatch.StartNew();

        async Task Ask(int client)
        {
            for (var number = client; clock.Elapsed < span; number += clients)
            {
                var began = clock.Elapsed;
                if (!await Succeeds(() => service.Post("/search?k=10", pictures[number % pictures.Length])))
                    Interlocked.Increment(ref failed);
                times.Add((clock.Elapsed - began).TotalMilliseconds);
            }
        }

        await Task.WhenAll(Enumerable.Range(0, clients).Select(client => Task.Run(() => Ask(client))));
        return new([.. times.Order()], failed);
    }

    // Spread over the span, with a rebuild after every tenth of them.
    private static async Task<(int Added, int Rebuilt)> Change(
        ServiceProcess service,
        byte[][] pictures,
        string name,
        TimeSpan span,
        int items
    )
    {
        var rebuilt = 0;
        using var pace = new PeriodicTimer(span / items);
        for (var number = 0; number < items; number++)
        {
            await pace.WaitForNextTickAsync();
            (await service.Post($"/items?id={name}-{number}&class=b", pictures[number])).EnsureSuccessStatusCode();
            if (number % Math.Max(1, items / 10) != 0)
                continue;
            (await service.Client.PostAsync("/index/rebuild", null)).EnsureSuccessStatusCode();
            rebuilt++;
        }

        return (items, rebuilt);
    }

    private static async Task<bool> Succeeds(Func<Task<HttpResponseMessage>> request)
    {
        try
        {
            using var response = await request();
            await response.Content.ReadAsByteArrayAsync();
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static byte[] Picture(int seed)
    {
        var random = new Random(seed);
        var pixels = new byte[64 * 64 * 4];
        random.NextBytes(pixels);
        return MetricLearning.Picture.FromPixels(64, 64, pixels).ToPng();
    }

    private static double At(double[] times, double share) => times[(int)(share * (times.Length - 1))];

    private static void Tell(int clients, string beside, Measured measured, TimeSpan span) =>
        Console.WriteLine(
            FormattableString.Invariant(
                $"{clients, 7}  {beside, -28} {At(measured.Times, 0.5), 6:F1}  {At(measured.Times, 0.95), 6:F1}  {At(measured.Times, 0.99), 6:F1}  {measured.Times.Length / span.TotalSeconds, 9:F0}  {measured.Failed, 6}"
            )
        );
}
