namespace MetricLearning.Core

open System

/// From the data a user gives to a source and an order of it, or what is wrong with them.
module internal DataChecks =

    let private orMistake (make: unit -> 'T) : Result<'T, string> =
        try
            Ok(make ())
        with :? ArgumentException as error ->
            Error error.Message

    /// The data set as the loader sees it.
    let source (ingredients: Ingredients) : Result<Source, string> =
        orMistake (fun () ->
            if ingredients.LabelHierarchyLevel < 0 then
                invalidArg
                    "label_hierarchy_level"
                    $"label_hierarchy_level is {ingredients.LabelHierarchyLevel}; levels count from 0."

            Source.ofDataset
                {
                    CollateFn = ingredients.CollateFn
                    DataAndLabelGetter = ingredients.DataAndLabelGetter
                    Labels = LabelMap.Create(ingredients.SetMinLabelToZero, ingredients.DatasetLabels)
                    Level = HierarchyLevel.One ingredients.LabelHierarchyLevel
                }
                ingredients.Dataset)

    /// The order in which the source is read.
    let order (ingredients: Ingredients) (source: Source) : Result<Order, string> =
        orMistake (fun () ->
            if source.Count = 0L then
                invalidArg "dataset" "The dataset is empty; it must have at least one sample."

            match ingredients.Sampler with
            | Sampling.Shuffled -> Order.shuffled source.Count ingredients.BatchSize
            | Sampling.Sampler sampler -> Order.sampled sampler ingredients.BatchSize
            | Sampling.BatchSampler sampler -> Order.batched sampler
            | Sampling.Indices indices -> Order.ofIndices indices ingredients.BatchSize
            | Sampling.Batches batches -> Order.ofBatches batches)
