using PictureService.Store;
using Prometheus;

namespace PictureService.Http;

/// <summary>Numbers for Prometheus: requests by endpoint and status, how long they took, and the items.</summary>
internal static class Measurements
{
    public static void UseMeasurements(this WebApplication server, Catalogue catalogue)
    {
        // Not the process's own registry: several services may be in one process.
        var registry = Metrics.NewCustomRegistry();
        var metrics = Metrics.WithCustomRegistry(registry);
        var items = metrics.CreateGauge("pictures_items", "Items that are searched.");
        registry.AddBeforeCollectCallback(() => items.Set(catalogue.Index.Count));
        server.UseHttpMetrics(http => http.SetMetricFactory(metrics));
        server.MapMetrics(registry: registry);
    }
}
