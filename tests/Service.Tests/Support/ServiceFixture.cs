using Xunit;

namespace ServiceTests.Support;

/// <summary>One service for the tests of a class.</summary>
public sealed class ServiceFixture : IAsyncLifetime
{
    internal Folder Folder { get; } = new();

    internal RunningService Service { get; private set; } = null!;

    public async Task InitializeAsync() => Service = await RunningService.Start(Folder);

    public async Task DisposeAsync()
    {
        await Service.DisposeAsync();
        Folder.Dispose();
    }
}
