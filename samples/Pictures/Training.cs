using System.Diagnostics;
using System.Drawing;
using MetricLearning;
using TorchSharp;
using static TorchSharp.torch;

namespace Pictures;

/// <summary>Measure, train, measure again, save.</summary>
internal static class Training
{
    /// <summary>What the bundled pictures take for the scores of the README.</summary>
    public const int Epochs = 50;

    private const int ClassesPerBatch = 20;
    private const int PicturesPerClass = 5;
    private const double LearningRate = 2e-3;

    /// <summary>How pictures are changed, each time otherwise: moved and tinted a little, and some without their colours.</summary>
    public static readonly Augmentation Augmentation = Augment.Compose(
        Augment.Scale(0.8, 1.2),
        Augment.Shift(0.08),
        Augment.ColorJitter(brightness: 0.3, contrast: 0.3, saturation: 0.4),
        Augment.Maybe(0.15, Augment.Grayscale())
    );

    public static Run Run(Options options, PictureData data, CancellationToken cancellation)
    {
        manual_seed(options.Seed);
        var format = options.Networks.Format;
        var (trunk, embedder) = options.Networks.Make(options.Device, options.Weights);

        using var model = new InferenceModel(
            trunk,
            embedder,
            new MatchFinder(new CosineSimilarity()),
            dataloaderNumWorkers: options.Workers,
            precision: options.Precision
        );
        var test = data.Test.ToTrainingData(format);
        var before = Scores.Of(model.GetLabelledEmbeddings(test).Embeddings, tensor(data.Test.Labels));

        var clock = Stopwatch.StartNew();
        using var records = Records(options, data.Validation.ToTrainingData(format));
        using (var trainer = Trainer(options, data.Train, trunk, embedder, records, out var batchSize))
        {
            if (options.Checkpoint is not null && trainer.ResumeLatest())
                Console.WriteLine($"Going on after epoch {trainer.Epoch}, iteration {trainer.Iteration}.");
            foreach (var warning in trainer.Warnings)
                Console.Error.WriteLine(warning);
            Terminal.ShowProgress(
                batchSize,
                progress => trainer.Train(options.Epochs, cancellationToken: cancellation, progress: progress)
            );
            if (options.Average != Recipe.Averages[0])
            {
                using var averaged = trainer.AveragedState;
                trainer.State = averaged;
            }

            Console.WriteLine($"The last epoch waited {trainer.WaitedForData.TotalSeconds:0.00} s for pictures.");
        }

        clock.Stop();
        var threshold = model.CalibrateThreshold(
            data.Validation.ToTrainingData(format),
            CalibrationGoal.FalseAcceptRate(0.001)
        );
        var embeddings = model.GetLabelledEmbeddings(test).Embeddings;
        var after = Scores.Of(embeddings, tensor(data.Test.Labels));
        var card = Card.Of(options, data, after, clock.Elapsed, threshold);
        foreach (var (name, value) in card)
            model.Card[name] = value;
        if (Processes.Join().IsFirst)
            model.Save(options.Model);
        return new(before, after, embeddings, threshold, records.Losses, records.Accuracies, card);
    }

    private static BaseTrainer Trainer(
        Options options,
        PictureSet train,
        nn.Module trunk,
        nn.Module embedder,
        RunRecords records,
        out int batchSize
    )
    {
        var classes = train.Labels.Distinct().Count();
        var inViews = options.Views != Views.None;
        var recipe = inViews ? new Recipe(Views.Loss(options.Views)) : Recipe.Of(options.Loss, classes);
        recipe.Loss.to(options.Device);
        var byClass = Views.HasClasses(options.Views);
        (batchSize, var epoch) = byClass
            ? (BatchOf(inViews ? Views.BatchSize / PicturesPerClass : ClassesPerBatch), classes * PicturesPerClass)
            : (Math.Min(Views.BatchSize, train.Count), train.Count);
        var steps = (long)options.Epochs * (epoch / batchSize);

        int BatchOf(int classesPerBatch) => Math.Min(classesPerBatch, classes) * PicturesPerClass;

        Schedule Cycle() => Schedule.OneCycle(LearningRate, steps, pctStart: 0.15);

        var settings = new TrainerOptions
        {
            Models = new() { Trunk = trunk, Embedder = embedder },
            Optimizers = new()
            {
                Trunk = PureOptimizer.AdamW(LearningRate, weightDecay: 0.01),
                Embedder = PureOptimizer.AdamW(LearningRate, weightDecay: 0.01),
            },
            LrSchedulers = new() { TrunkByIteration = Cycle(), EmbedderByIteration = Cycle() },
            BatchSize = batchSize,
            LossFuncs = new() { MetricLoss = recipe.Loss },
            Dataset = inViews
                ? Views.Data(options.Views, train.ToTrainingData(options.Networks.Format, options.Augmentation))
                : train.ToTrainingData(options.Networks.Format, options.Augmentation),
            DatasetLabels = byClass ? train.Labels : null,
            SetMinLabelToZero = byClass,
            Sampler = byClass
                ? Sampler(options, train, trunk, embedder, batchSize, (int)(steps / options.Epochs))
                : null,
            DataloaderNumWorkers = options.Workers,
            Processes = Processes.Join(),
            DataDevice = options.Device,
            Precision = options.Precision,
            WeightAveraging = Recipe.Average(options.Average),
            Seed = options.Seed,
            EndOfIterationHook = records.EndOfIterationHook,
            EndOfEpochHook = records.EndOfEpochHook,
            Checkpoints = options.Checkpoint is { } folder
                ? new() { Folder = folder, EveryIterations = (int)(steps / options.Epochs) }
                : null,
        };
        if (recipe.Miner is not null)
            settings.MiningFuncs = new() { TupleMiner = recipe.Miner };
        if (recipe.Loss is WeightedLoss)
            settings.Optimizers["metric_loss"] = PureOptimizer.AdamW(10 * LearningRate);
        if (inViews)
            return Views.Trainer(settings, options);
        if (options.Trainer != nameof(TrainWithClassifier))
            return new MetricLossOnly(settings);

        var classifier = nn.Linear(Networks.EmbeddingSize, classes).to(options.Device);
        settings.Models.Classifier = classifier;
        settings.Optimizers.Classifier = PureOptimizer.AdamW(LearningRate, weightDecay: 0.01);
        settings.LossFuncs.ClassifierLoss = nn.CrossEntropyLoss();
        return new TrainWithClassifier(settings);
    }

    // An epoch has as many batches either way.
    private static AnySampler Sampler(
        Options options,
        PictureSet train,
        nn.Module trunk,
        nn.Module embedder,
        int batch,
        int batchesOfEpoch
    ) =>
        options.Negatives == "hard"
            ? new HardNegativeBatchSampler(
                train.Labels,
                PicturesPerClass,
                batch,
                train.ToTrainingData(options.Networks.Format),
                trunk,
                embedder,
                refreshEvery: batchesOfEpoch,
                dataloaderNumWorkers: options.Workers,
                precision: options.Precision
            )
            : new MPerClassSampler(train.Labels, PicturesPerClass, batch, lengthBeforeNewIter: batchesOfEpoch * batch);

    // A run that goes on in another process has its losses on disk, for the page.
    private static RunRecords Records(Options options, TrainingData validation)
    {
        var folder = options.Records ?? options.Checkpoint;
        return new(
            folder,
            options.Records is not null,
            validation,
            Path.Combine(folder ?? options.Out, "models"),
            options.EvaluateEvery,
            options.Device,
            options.Workers,
            averaged: options.Average != Recipe.Averages[0]
        );
    }
}
