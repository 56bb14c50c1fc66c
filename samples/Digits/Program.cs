using Digits;
using MetricLearning;
using TorchSharp;

return Options.Parse(
    args,
    (options, cancellation) =>
    {
        TensorMemory.Keep();
        var processes = Processes.Join(); // this one alone, or those that mpirun has started
        if (!processes.IsFirst)
            Console.SetOut(TextWriter.Null); // they all compute the same
        torch.set_num_threads(1); // the net is too small for two to pay, and one adds in the same order on every machine
        try
        {
            Directory.CreateDirectory(options.Out); // better found out now than after training
            var digits = DigitsData.Load();
            var pixels = Retrieval.Score(digits.Test.Pictures, digits.Test.Labels);
            var runs = Terminal.ShowProgress(
                options,
                progress =>
                    options
                        .AllSeeds.Select(seed => Experiment.Run(options, seed, digits, progress(seed), cancellation))
                        .ToList()
            );

            Terminal.ShowScores(runs, pixels);
            if (processes.IsFirst)
                Console.WriteLine($"Report: {HtmlReport.Write(options, digits, runs, pixels)}");

            // For scripts, always the last two lines.
            var map = Spread.Of(runs.Select(run => run.After), 0);
            Console.WriteLine($"{options.Trainer} MAP@R {map.Mean:0.000} sd {map.Deviation:0.000} n {runs.Count}");
            Console.WriteLine($"weights {runs[^1].Weights}");
            return 0;
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine("Stopped.");
            return 130;
        }
        catch (Exception mistake)
            when (mistake is IOException or UnauthorizedAccessException or InvalidDataException or ArgumentException)
        {
            Console.Error.WriteLine(mistake.Message);
            return 1;
        }
    }
);
