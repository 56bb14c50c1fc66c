using Retrieval;
using TorchSharp;

return Options.Parse(
    args,
    options =>
    {
        torch.set_num_threads(1); // the net is too small for two to pay
        using var scope = torch.NewDisposeScope();

        try
        {
            if (options.Queries is { } numbers)
                Answering.Run(options, numbers);
            else
                Building.Run(options);
            return 0;
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            Console.Error.WriteLine($"There is no {options.File} yet: run this once without --query.");
            return 1;
        }
        catch (Exception mistake) when (mistake is IOException or InvalidDataException or ArgumentException)
        {
            Console.Error.WriteLine(mistake.Message);
            return 1;
        }
    }
);
