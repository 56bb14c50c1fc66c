using System.IO.Compression;
using MetricLearning;

namespace Pictures;

/// <summary>Pictures of three sets of classes, none of which shares a class with another.</summary>
/// <param name="Name">For the page.</param>
/// <param name="Train">What is trained on.</param>
/// <param name="Validation">Looked at meanwhile, and what the threshold is chosen by.</param>
/// <param name="Test">Looked at in the end: they choose nothing.</param>
internal sealed record PictureData(string Name, PictureSet Train, PictureSet Validation, PictureSet Test)
{
    private const int FewestClasses = 2; // pairs of two classes and of one

    /// <summary>The bundled drawings (samples/data/README.md), the test classes as their table says.</summary>
    public static PictureData Bundled(int seed)
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "data");
        var parts = PictureSet
            .FromFolder(Unpacked(folder))
            .WithTable(Path.Combine(folder, "pictures-classes.csv"), "class")
            .SplitBy("split");
        return Divided("the bundled drawings", parts["train"], parts["test"], seed);
    }

    /// <summary>A folder with a subfolder for each class. A tenth of the classes is kept for the test, the same for the same seed.</summary>
    public static PictureData Of(string folder, int seed)
    {
        var all = PictureSet.FromFolder(folder, OnBroken.Skip);
        var classes = all.Labels.Distinct().Count();
        if (classes < 3 * FewestClasses)
            throw new InvalidDataException(
                $"{folder} has {classes} classes: at least {3 * FewestClasses} are needed, {FewestClasses} each to train on, to validate and to test."
            );
        var (train, test) = all.SplitByClass(1 - Part(0.1, classes), Seed.Of(seed));
        foreach (var skipped in train.Skipped)
            Console.Error.WriteLine($"Left out {skipped}");
        return Divided(Path.GetFullPath(folder), train, test, seed);
    }

    private static PictureData Divided(string name, PictureSet others, PictureSet test, int seed)
    {
        var classes = others.Labels.Distinct().Count();
        var (train, validation) = others.SplitByClass(1 - Part(0.05, classes), Seed.Of(seed));
        return new(name, train, validation, test);
    }

    private static double Part(double wanted, int classes) => Math.Max(wanted, (double)FewestClasses / classes);

    /// <summary>The same with this many of the training classes.</summary>
    public PictureData WithClasses(int count)
    {
        var kept = Train.Labels.Distinct().Order().Take(count).ToHashSet();
        return this with
        {
            Train = Train.Subset(Enumerable.Range(0, Train.Count).Where(index => kept.Contains(Train.Labels[index]))),
        };
    }

    // Beside the program, the first time. Two programs that unpack at once do not see each other's halves.
    private static string Unpacked(string folder)
    {
        var pictures = Path.Combine(folder, "pictures");
        if (Directory.Exists(pictures))
            return pictures;

        var half = Directory.CreateTempSubdirectory("pictures-").FullName;
        var own = Path.Combine(folder, Path.GetFileName(half));
        Directory.Delete(half);
        ZipFile.ExtractToDirectory(Path.Combine(folder, "pictures.zip"), own);
        try
        {
            Directory.Move(own, pictures);
        }
        catch (IOException) when (Directory.Exists(pictures))
        {
            Directory.Delete(own, recursive: true);
        }

        return pictures;
    }
}
