namespace MetricLearning

open System
open MetricLearning.Core

/// Labels of several classes a sample: a column of 0 and 1 for each class.
module internal MultiHot =

    let private wanted =
        "Of several classes a sample, labels are rows of 0 and 1 with a column for each class"

    let private ofColumns (columns: LabelColumn[]) : string list =
        let other (column: LabelColumn) : string option =
            match column with
            | LabelColumn.Words words -> Array.tryHead words |> Option.map (fun word -> $"\"{word}\"")
            | LabelColumn.Numbers numbers ->
                numbers
                |> Array.tryFind (fun flag -> flag <> 0L && flag <> 1L)
                |> Option.map string

        [
            if columns.Length = 1 then
                $"{wanted}; these have one column. Of one class a sample, leave LabelComparison out."
            else
                match
                    columns
                    |> Array.indexed
                    |> Array.tryPick (fun (place, column) -> other column |> Option.map (fun label -> place, label))
                with
                | Some(place, label) ->
                    $"{wanted}; column {place} has the label {label}. Of several levels a sample, use LabelComparison.Own."
                | None -> ()
        ]

    /// The mistakes in labels that are at hand; those of samples are seen when they are read.
    let mistakes (dataset: TrainingData) : string list =
        match dataset with
        | TrainingData.Samples _ -> []
        | TrainingData.Tensors(_, labels) ->
            try
                ofColumns (Labels.ofDataset labels)
            // Who reads the data set says what is wrong with it.
            with :? ArgumentException ->
                []
