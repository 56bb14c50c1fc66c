using System.Runtime;

namespace MetricLearning.Tests;

/// <summary>
/// For tests that count live tensors: what earlier tests left is finalized whenever the collector likes.
/// </summary>
internal static class Garbage
{
    /// <summary>
    /// Collects what is left of earlier tests and then nothing until the action has ended: neither what they left nor what the
    /// action itself leaves is taken away while it counts.
    /// </summary>
    public static void LeftAlone(Action action)
    {
        for (var time = 0; time < 2; time++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        GC.TryStartNoGCRegion(200_000_000);

        try
        {
            // What the collection found that made room.
            GC.WaitForPendingFinalizers();
            action();
        }
        finally
        {
            if (GCSettings.LatencyMode == GCLatencyMode.NoGCRegion)
            {
                GC.EndNoGCRegion();
            }
        }
    }
}
