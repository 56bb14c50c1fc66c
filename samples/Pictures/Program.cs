using MetricLearning;
using Pictures;
using TorchSharp;

return Options.Parse(
    args,
    (options, cancellation) =>
    {
        TensorMemory.Keep();
        var processes = Processes.Join(); // this one alone, or those that mpirun has started
        if (!processes.IsFirst)
            Console.SetOut(TextWriter.Null); // they all compute the same
        using var scope = torch.NewDisposeScope();
        try
        {
            if (options.Evaluate is { } asked)
            {
                Console.WriteLine(Scores.Line(Evaluation.Of(asked.File, asked.Folder, options)));
                return 0;
            }

            Directory.CreateDirectory(options.Out); // better found out now than after training
            var data = options.Data is { } folder
                ? PictureData.Of(folder, options.Seed)
                : PictureData.Bundled(options.Seed);
            if (options.Classes is { } classes)
                data = data.WithClasses(classes);
            Console.WriteLine(
                $"{data.Train.Count:N0} pictures to train on, {data.Test.Count:N0} of other classes to test with"
            );
            var pixels = Scores.OfPixels(data.Test, options.Networks.Format);
            var run = Training.Run(options, data, cancellation);
            Terminal.ShowScores(data.Test.Count, pixels, run);
            if (processes.IsFirst)
                Console.WriteLine($"Page: {Page.Write(options, data, run, pixels)}");
            Console.WriteLine($"Model: {Path.GetFullPath(options.Model)}");

            // For scripts, always the last line.
            Console.WriteLine(Scores.Line(run.After));
            return 0;
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine("Stopped.");
            return 130;
        }
        catch (Exception mistake)
            when (mistake
                    is IOException
                        or UnauthorizedAccessException
                        or InvalidDataException
                        or ArgumentException
                        or PictureException
            )
        {
            Console.Error.WriteLine(mistake.Message);
            return 1;
        }
    }
);
