using MetricLearning;
using Microsoft.Data.Sqlite;
using PictureService;

return Options.Parse(args, options => Serve(options).GetAwaiter().GetResult());

static async Task<int> Serve(Options options)
{
    TensorMemory.Keep();
    try
    {
        await using var service = await Service.Open(options);
        await service.Server.StartAsync();
        Console.WriteLine($"Listening on {string.Join(", ", service.Server.Urls)}");
        await service.Server.WaitForShutdownAsync();
        return 0;
    }
    catch (Exception mistake)
        when (mistake is IOException or InvalidDataException or ArgumentException or SqliteException)
    {
        Console.Error.WriteLine(mistake.Message);
        return 1;
    }
}
