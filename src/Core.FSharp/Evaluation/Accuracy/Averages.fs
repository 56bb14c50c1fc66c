namespace MetricLearning

open System
open System.Collections.Generic
open TorchSharp

/// From the scores of queries to the answer of a metric.
module internal Averages =

    let private numbers (tensor: torch.Tensor) : float[] = tensor.cpu().data<float>().ToArray()

    // Labels that are their own numbers are in order already; names are in that in which they came up.
    let private inOrder (names: IReadOnlyList<string>) (classes: ClassAccuracy[]) : ClassAccuracy[] =
        let place (label: string) =
            match Int64.TryParse label with
            | true, number -> struct (0, number)
            | _ -> struct (1, 0L)

        let byName (one: ClassAccuracy) (other: ClassAccuracy) =
            match compare (place one.Label) (place other.Label) with
            | 0 -> CodePoints.order.Compare(one.Label, other.Label)
            | difference -> difference

        if names.Count = 0 then
            classes
        else
            Array.sortWith byName classes

    /// Scores (Q) as the answer of a metric.
    let summarize (options: AccuracyOptions) (groups: LabelGroups) (isLone: torch.Tensor) (scores: torch.Tensor) =
        let rows = isLone.logical_not().nonzero().view -1L
        let values = scores.index_select (0L, rows)

        if options.Averaging = Averaging.OverQueries then
            Accuracy(
                if rows.size 0 = 0L then
                    nan
                else
                    values.mean().item<float>()
            )
        else
            let classes = groups.Labels.size 0
            let places = groups.Of.index_select (0L, rows)
            let counts = places.bincount (null, classes)

            let sums =
                torch.zeros ([| classes |], dtype = torch.float64, device = values.device)
                |> InOrder.add places values

            let means = numbers (sums / counts)
            let isThere = counts.gt(Numeric.whole 0L).cpu().data<bool>().ToArray()
            let all = rows.size 0 = 0L

            let byClass =
                Array.zip (LabelGroups.names options.Names groups) means
                |> Array.indexed
                |> Array.choose (fun (place, (name, mean)) ->
                    if all || isThere[place] then
                        Some(ClassAccuracy(name, mean))
                    else
                        None)
                |> inOrder options.Names

            let mean = byClass |> Array.averageBy _.Value

            if options.Averaging = Averaging.PerClass then
                Accuracy(mean, byClass)
            else
                Accuracy mean
