namespace MetricLearning

open System.Globalization
open TorchSharp

/// Labels of samples as words.
module internal LabelWords =

    /// For each sample its labels, one a level: strings as they were, whole numbers as digits.
    let ofSamples (samples: LabelledEmbeddings) : string[][] =
        use _ = torch.NewDisposeScope()
        let rows, levels = int (samples.Labels.size 0), int (samples.Labels.size 1)
        let numbers = samples.Labels.cpu().contiguous().data<int64>().ToArray()

        Array.init rows (fun row ->
            Array.init levels (fun level ->
                let number = numbers[row * levels + level]
                let names = samples.NamesOf(int64 level)

                if names.Count = 0 then
                    number.ToString CultureInfo.InvariantCulture
                else
                    names[int number]))
