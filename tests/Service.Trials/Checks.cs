namespace ServiceTrials;

/// <summary>What held and what did not.</summary>
internal sealed class Checks
{
    private int passed;
    private int failed;

    /// <summary>Counts a check, and says so if it failed.</summary>
    public void That(bool holds, string otherwise)
    {
        if (holds)
            passed++;
        else
        {
            failed++;
            Console.WriteLine($"FAILED: {otherwise}");
        }
    }

    /// <summary>The last line, and the exit code.</summary>
    public int Sum()
    {
        Console.WriteLine($"{passed} passed, {failed} failed");
        return failed == 0 ? 0 : 1;
    }
}
