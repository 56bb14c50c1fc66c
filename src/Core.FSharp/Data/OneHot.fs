namespace MetricLearning

open System
open TorchSharp
open MetricLearning.Core

/// Labels with a column of 0 and 1 for each class, which would be taken for levels.
module internal OneHot =

    let private columnsOf (dataset: TrainingData) : int64[][] =
        match dataset with
        | TrainingData.Samples _ -> [||]
        | TrainingData.Tensors(_, labels) ->
            match labels with
            | :? torch.Tensor as tensor when tensor.dim () <> 2L -> [||]
            | :? (int64[])
            | :? (int[])
            | :? (string[]) -> [||]
            | _ ->
                try
                    Labels.ofDataset labels
                    |> Array.map (function
                        | LabelColumn.Numbers numbers -> numbers
                        | LabelColumn.Words _ -> [||])
                // Who reads the data set says what is wrong with it.
                with :? ArgumentException ->
                    [||]

    let private areFlags (columns: int64[][]) : bool =
        columns.Length > 1
        && columns
           |> Array.forall (fun column ->
               column.Length > 0 && column |> Array.forall (fun flag -> flag = 0L || flag = 1L))

    let private hasOneEach (columns: int64[][]) : bool =
        Seq.forall (fun row -> columns |> Array.sumBy (fun column -> column[row]) = 1L) [ 0 .. columns[0].Length - 1 ]

    /// ArgumentException if every sample has one 1 among several columns of 0 and 1.
    let refuse (dataset: TrainingData) : unit =
        let columns = columnsOf dataset

        if areFlags columns && hasOneEach columns then
            Labels.refuse
                "The labels are one-hot, with a column of 0 and 1 for each class: give the number of each sample's class instead (of a tensor, labels.argmax(1))."

    /// The doubt that no level was chosen of labels that are rather classes than levels; two columns may well be levels of two classes.
    let doubts (dataset: TrainingData) : string list =
        let columns = columnsOf dataset

        [
            if areFlags columns && (columns.Length > 2 || hasOneEach columns) then
                $"The labels have {columns.Length} levels of 0 and 1, and none is chosen, so level 0 counts. If each column is a class, give the number of each sample's class (of a one-hot tensor, labels.argmax(1)), or, where a sample may have several, set LabelComparison of losses, miners and AccuracyCalculator, for example to LabelComparison.AnyInCommon; if they are levels, set LabelHierarchyLevel."
        ]
