using Digits;

namespace Retrieval;

/// <summary>Test pictures: half of them to choose a threshold by, half of them to ask with.</summary>
internal static class Halves
{
    public static (DigitSet Validation, DigitSet Queries) Of(DigitSet test)
    {
        var half = (int)(test.Count / 2);
        return (new(test.Pictures[..half], test.Labels[..half]), new(test.Pictures[half..], test.Labels[half..]));
    }
}
