namespace MetricLearning.Core

open System
open MetricLearning

/// From the data in the options to a source and an order of it, or a mistake.
module internal DataChecks =

    /// A sampler that groups samples for batches of another size than the trainer cuts.
    let batchSizes (options: RunOptions) : Diagnostics =
        Diagnostics.warnings
            [
                match options.Sampler with
                | :? Sampler as sampler when sampler.BatchSize.HasValue && sampler.BatchSize.Value <> options.BatchSize ->
                    $"BatchSize is {options.BatchSize}, but the {sampler.GetType().Name} is made for batches of {sampler.BatchSize.Value}: its groups are torn. Give both the same number."
                | _ -> ()
            ]

    // Without the parameter that .NET adds to the message: it is one of this library's, not an option of the caller's.
    let private sentence (error: ArgumentException) : string =
        let parameter = ArgumentException("", error.ParamName).Message.TrimStart()

        if
            parameter.Length > 0
            && error.Message.EndsWith(parameter, StringComparison.Ordinal)
        then
            error.Message[.. error.Message.Length - parameter.Length - 1].TrimEnd()
        else
            error.Message

    let private orMistake (make: unit -> 'T) : Result<'T, string> =
        try
            Ok(make ())
        with :? ArgumentException as error ->
            Error(sentence error)

    /// The data set as a source of batches, or the mistake in it.
    let source (options: RunOptions) : Result<BatchSource, string> =
        orMistake (fun () ->
            if options.LabelHierarchyLevel < 0 then
                invalidArg
                    "LabelHierarchyLevel"
                    $"LabelHierarchyLevel is {options.LabelHierarchyLevel}; levels count from 0."

            BatchSource.ofDataset
                {
                    CollateFn = options.CollateFn
                    DataAndLabelGetter = options.DataAndLabelGetter
                    Labels = LabelMap.Create(options.SetMinLabelToZero, options.DatasetLabels)
                    Level =
                        if LabelChecks.readsRows options then
                            HierarchyLevel.All
                        else
                            HierarchyLevel.One options.LabelHierarchyLevel
                }
                options.Dataset)

    /// Doubts about the labels.
    let doubts (options: RunOptions) : string list =
        if options.ChosenLevel.HasValue || LabelChecks.readsRows options then
            []
        else
            OneHot.doubts options.Dataset

    /// The order of the source's samples, or the mistake in it.
    let order (options: RunOptions) (source: BatchSource) : Result<DataOrder, string> =
        orMistake (fun () ->
            if source.Count = 0L then
                invalidArg "dataset" "The dataset is empty; it must have at least one sample."

            match options.Sampler with
            | null -> DataOrder.shuffled source.Count options.BatchSize
            | :? Sampler as sampler -> DataOrder.sampled sampler options.BatchSize
            | :? BatchSampler as sampler -> DataOrder.batched sampler
            | :? OwnIndices as own -> DataOrder.ofIndices own.Indices options.BatchSize
            | own -> DataOrder.ofBatches (own :?> OwnBatches).Batches)
