namespace MetricLearning.Core

open MetricLearning
open System

/// From the data a user gives to a source and an order of it, or what is wrong with them.
module internal DataChecks =

    let private orMistake (make: unit -> 'T) : Result<'T, string> =
        try
            Ok(make ())
        with :? ArgumentException as error ->
            Error error.Message

    /// The data set as the loader sees it.
    let source (ingredients: Ingredients) : Result<BatchSource, string> =
        orMistake (fun () ->
            if ingredients.LabelHierarchyLevel < 0 then
                invalidArg
                    "label_hierarchy_level"
                    $"label_hierarchy_level is {ingredients.LabelHierarchyLevel}; levels count from 0."

            BatchSource.ofDataset
                {
                    CollateFn = ingredients.CollateFn
                    DataAndLabelGetter = ingredients.DataAndLabelGetter
                    Labels = LabelMap.Create(ingredients.SetMinLabelToZero, ingredients.DatasetLabels)
                    Level = HierarchyLevel.One ingredients.LabelHierarchyLevel
                }
                ingredients.Dataset)

    /// The order in which the source is read.
    let order (ingredients: Ingredients) (source: BatchSource) : Result<DataOrder, string> =
        orMistake (fun () ->
            if source.Count = 0L then
                invalidArg "dataset" "The dataset is empty; it must have at least one sample."

            match ingredients.Sampler with
            | Sampling.Shuffled -> DataOrder.shuffled source.Count ingredients.BatchSize
            | Sampling.Sampler sampler -> DataOrder.sampled sampler ingredients.BatchSize
            | Sampling.BatchSampler sampler -> DataOrder.batched sampler
            | Sampling.Indices indices -> DataOrder.ofIndices indices ingredients.BatchSize
            | Sampling.Batches batches -> DataOrder.ofBatches batches)
