namespace MetricLearning.Core

open TorchSharp
open MetricLearning

/// Runs in which losses and miners read rows of labels.
module internal LabelChecks =

    // How each part compares the labels that it is given.
    let private comparisons (options: RunOptions) : (string * LabelComparison) list =
        [
            for key, loss in options.LossFuncs.Present do
                match box loss with
                | :? Loss as loss when loss.TakesLabels -> PartCalls.name "LossFuncs" key loss, loss.LabelComparison
                | _ -> ()

            for key, miner in options.MiningFuncs.Present do
                match miner with
                | :? Miner as miner -> PartCalls.name "MiningFuncs" key miner, miner.LabelComparison
                | _ -> ()
        ]

    let private reader (options: RunOptions) : (string * LabelComparison) option =
        comparisons options
        |> List.tryFind (fun (_, comparison) -> comparison.ReadsRows)

    /// True if all columns of labels are read, and false if one is.
    let readsRows (options: RunOptions) : bool = (reader options).IsSome

    let private ofRows (options: RunOptions) (name: string) (comparison: LabelComparison) : string list =
        [
            if options.ChosenLevel.HasValue then
                $"LabelHierarchyLevel chooses one level of labels, but {name} reads rows of them: leave LabelHierarchyLevel out."

            if options.SetMinLabelToZero && comparison.ReadsClasses then
                $"SetMinLabelToZero numbers the labels of each column anew, but {name} reads them as 0 and 1: leave SetMinLabelToZero out."

            for key, loss in options.LossFuncs.Present do
                match box loss with
                | :? Modules.CrossEntropyLoss
                | :? Modules.NLLLoss ->
                    $"""{PartCalls.name "LossFuncs" key loss} takes one class a sample, but {name} reads rows of labels: use MetricLossOnly, or a loss module of your own, from scores and rows of labels."""
                | _ -> ()

            if comparison.ReadsClasses then
                yield! MultiHot.mistakes options.Dataset
        ]

    /// Parts that take labels of different shapes, and settings that rows of labels do not go with.
    let check (options: RunOptions) : Diagnostics =
        Diagnostics.errors
            [
                yield! ComparisonChecks.together (comparisons options)

                match reader options with
                | Some(name, comparison) -> yield! ofRows options name comparison
                | None -> ()
            ]
