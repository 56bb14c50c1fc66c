using MetricLearning;

namespace Pictures;

/// <summary>Learning from two random changes of every picture, without their classes or with them.</summary>
internal static class Views
{
    /// <summary>Training with classes, a picture at a time.</summary>
    public const string None = "none";

    public static readonly string[] Names = [None, "simclr", "supcon", "vicreg", "moco"];

    /// <summary>Pictures in a batch: most of them are each other's negatives.</summary>
    public const int BatchSize = 200;

    /// <summary>What networks that follow keep of themselves in a step: a run has a thousand or so.</summary>
    public const double Momentum = 0.99;

    private const int Remembered = 2000;

    /// <summary>Stronger changes than with classes: all that is learned is what survives them.</summary>
    public static Augmentation Augmentation(int size) =>
        Augment.Compose(
            Augment.CropResized(size, size, low: 0.3),
            Augment.Flip(),
            Augment.Maybe(0.8, Augment.ColorJitter(brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1)),
            Augment.Maybe(0.2, Augment.Grayscale())
        );

    /// <summary>The loss that the name stands for.</summary>
    public static Loss Loss(string views) =>
        views switch
        {
            "simclr" => new NTXentLoss(temperature: 0.2),
            "supcon" => new SupConLoss(temperature: 0.1),
            "vicreg" => new VICRegLoss(),
            _ => new CrossBatchMemory(new NTXentLoss(temperature: 0.2), Networks.EmbeddingSize, Remembered),
        };

    /// <summary>Views of the pictures: those of a class belong together, or only those of a picture.</summary>
    public static TrainingData Data(string views, TrainingData pictures) =>
        HasClasses(views) ? pictures.ToLabelledViews() : pictures.ToViews();

    /// <summary>True if the classes of pictures are looked at.</summary>
    public static bool HasClasses(string views) => views is None or "supcon";

    /// <summary>The trainer that the name stands for.</summary>
    public static BaseTrainer Trainer(TrainerOptions settings, Options options)
    {
        if (options.Views != "moco")
            return new MultiViewMetricLoss(settings);

        var (trunk, embedder) = options.Networks.Make(options.Device);
        settings.Models.MomentumTrunk = trunk;
        settings.Models.MomentumEmbedder = embedder;
        return new MomentumContrast(settings, Momentum);
    }
}
