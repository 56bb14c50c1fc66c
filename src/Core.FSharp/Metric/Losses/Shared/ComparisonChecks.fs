namespace MetricLearning

/// Losses that cannot compare labels in every way.
module internal ComparisonChecks =

    /// An ArgumentException of a loss to which labels are the numbers of classes.
    let equality (loss: string) (what: string) (comparison: LabelComparison) : unit =
        if not comparison.IsEquality then
            invalidArg
                "comparison"
                $"{loss} {what}, so it cannot take LabelComparison.{comparison.Name}: leave that out, or give a loss of pairs or triplets, for example ContrastiveLoss."

    /// An ArgumentException of a loss that is made of other losses.
    let ofParts (wrapper: string) : unit =
        invalidArg "comparison" $"{wrapper} compares as its losses do: set LabelComparison where they are made."

    /// The mistakes of parts that are given the same labels, by their names: some read rows of labels, others one label a sample.
    let together (parts: (string * LabelComparison) list) : string list =
        match parts |> List.partition (fun (_, comparison) -> comparison.ReadsRows) with
        | (rows, comparison) :: _, others ->
            [
                for other, _ in others do
                    $"{rows} reads rows of labels (LabelComparison.{comparison.Name}) and {other} one label a sample: set LabelComparison of both."
            ]
        | _ -> []
