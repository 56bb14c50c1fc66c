using System.Runtime.InteropServices;

namespace Samples;

/// <summary>
/// glibc gives large blocks of memory back to the system and takes them anew in every iteration, which costs a convolutional network on
/// a CPU up to half of its time. Without that, memory that was once taken stays with the process.
/// </summary>
internal static class NativeMemory
{
    private const int TrimThreshold = -1;
    private const int MaximumOfMappings = -4;

    /// <summary>To be called before the first large tensor. Does nothing where the C library is another.</summary>
    public static void Keep()
    {
        if (!OperatingSystem.IsLinux())
            return;
        try
        {
            _ = Option(MaximumOfMappings, 0);
            _ = Option(TrimThreshold, int.MaxValue);
        }
        catch (Exception missing) when (missing is DllNotFoundException or EntryPointNotFoundException)
        {
            // musl has no such call, and no such habit.
        }
    }

    [DllImport("libc", EntryPoint = "mallopt")]
    private static extern int Option(int parameter, int value);
}
