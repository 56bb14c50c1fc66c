using MetricLearning;

namespace ServiceTests.Support;

/// <summary>Pictures of one colour.</summary>
internal static class Squares
{
    public static byte[] Red => Png(250, 10, 10);
    public static byte[] Green => Png(10, 250, 10);
    public static byte[] Blue => Png(10, 10, 250);

    /// <summary>The file of a picture.</summary>
    public static byte[] Png(int red, int green, int blue, int side = 8)
    {
        var pixel = new[] { (byte)red, (byte)green, (byte)blue, byte.MaxValue };
        var pixels = Enumerable.Repeat(pixel, side * side).SelectMany(one => one).ToArray();
        return Picture.FromPixels(side, side, pixels).ToPng();
    }
}
