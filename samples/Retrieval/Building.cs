using Digits;
using MetricLearning;
using static TorchSharp.torch;

namespace Retrieval;

/// <summary>The first process: train, index, save.</summary>
internal static class Building
{
    public static void Run(Options options)
    {
        Directory.CreateDirectory(options.Out); // better found out now than after training
        var digits = DigitsData.Load();
        manual_seed(0);
        var (trunk, embedder) = Networks.Make(options.Device);

        using (
            var trainer = new MetricLossOnly(
                new TrainerOptions
                {
                    Models = new() { Trunk = trunk, Embedder = embedder },
                    Optimizers = new() { Trunk = PureOptimizer.Adam(1e-3), Embedder = PureOptimizer.Adam(1e-3) },
                    BatchSize = 40,
                    LossFuncs = new() { MetricLoss = new ContrastiveLoss() },
                    Dataset = TrainingData.FromTensors(digits.Train.Pictures, digits.Train.Labels),
                    Sampler = new MPerClassSampler(digits.Train.Labels, m: 4, batchSize: 40, lengthBeforeNewIter: 1040),
                    DataloaderNumWorkers = 0,
                    DataDevice = options.Device,
                    Seed = 0,
                }
            )
        )
        {
            trainer.Train(options.Epochs);
        }

        using var model = Networks.Model(trunk, embedder);
        model.TrainKnn(digits.Train.Pictures);

        // By pictures that the networks have not seen, and that are not queries later.
        var (validation, _) = Halves.Of(digits.Test);
        var chosen = model.CalibrateThreshold(
            TrainingData.FromTensors(validation.Pictures, validation.Labels),
            CalibrationGoal.FalseAcceptRate(0.01)
        );
        model.Save(options.File);

        Console.WriteLine(
            $"Pictures match from a cosine of {chosen.Threshold:0.000}: {chosen.Recall:P1} of the pairs of one digit, {chosen.FalseAcceptRate:P1} of the others."
        );
        Console.WriteLine($"Saved: {Path.GetFullPath(options.File)}, {model.IndexCount} pictures");
    }
}
