namespace MetricLearning

open System
open System.Collections.Generic
open TorchSharp

/// Scores the agreement of neighbours and clusters with labels.
module internal AccuracyCalculation =

    // The number of neighbours that metrics see in one go.
    let private atOnce = 1048576L

    // The number of neighbours that a metric gets, given what the calculator's k gives.
    let private wanted (given: int64) (mostRelevant: int64) (metric: RetrievalMetric) : int64 =
        match metric.Neighbourhood with
        | Neighbourhood.All -> given
        | Neighbourhood.WithinR -> min given mostRelevant
        | Neighbourhood.First count -> count

    // Scores (Q) of every metric; NaN for lone queries.
    let private score
        (options: AccuracyOptions)
        (input: AccuracyInput)
        (relevance: Relevance)
        (given: int64)
        (available: int64)
        : torch.Tensor[] =
        let counts =
            options.Metrics
            |> Array.map (wanted given (max 1L relevance.Most) >> min available)

        let rows = input.Query.size 0

        let scores =
            options.Metrics
            |> Array.map (fun _ ->
                torch.full ([| rows |], Numeric.scalar nan, dtype = torch.float64, device = input.Query.device))

        let scoreRows (queries: torch.Tensor) (found: Retrieved) =
            for place in 0 .. counts.Length - 1 do
                let metric = options.Metrics[place]
                let values: torch.Tensor = metric.Score.Invoke(found.First counts[place])

                if isNull (box values) || values.dim () <> 1L || values.size 0 <> queries.size 0 then
                    invalidOp
                        $"The metric \"{metric.Name}\" must return one number for every query, a vector of {queries.size 0}."

                scores[place].index_copy_(0L, queries, values.detach().to_type torch.float64)
                |> ignore

        let inBlock (first: int64) (neighbours: Neighbours) (start: int64) (size: int64) =
            use _ = torch.NewDisposeScope()

            let queries =
                relevance.IsLone.narrow(0L, first + start, size).logical_not().nonzero().view -1L

            if queries.size 0 > 0L then
                let pick (tensor: torch.Tensor) =
                    tensor.narrow(0L, start, size).index_select(0L, queries)

                let indices, distances = pick neighbours.Indices, pick neighbours.Distances
                let queries = queries.plus (first + start)
                let labels = input.QueryLabels.index_select (0L, queries)
                let shape = indices.shape
                let others = input.ReferenceLabels.index_select (0L, indices.reshape [| -1L |])
                let others = others.reshape (Array.append shape input.ReferenceLabels.shape[1..])

                let matches =
                    LabelMasks.pairwise options.LabelComparison shape (labels.unsqueeze 1L) others

                let struct (matches, distances, indices) =
                    match input.Cameras with
                    | ValueNone -> struct (matches, distances, indices)
                    | ValueSome cameras -> Cameras.leaveOut cameras queries matches distances indices

                Retrieved(matches, relevance.Relevant.index_select (0L, queries), distances, indices, labels)
                |> scoreRows queries

        // As many as remain where the most are left out.
        let neighbours = min (Array.max counts + relevance.MostLeftOut) available

        let width =
            if input.QueryLabels.dim () > 1L then
                max 1L (input.QueryLabels.size 1)
            else
                1L

        let search =
            SharedSearches.inBlocks options.Processes options.Knn input.Query neighbours input.Reference

        search input.RefIncludesQuery (fun first found ->
            let count = found.Indices.size 0
            let step = max 1L (atOnce / (neighbours * width))

            for start in 0L .. step .. count - 1L do
                inBlock first found start (min step (count - start)))

        SharedSearches.together options.Processes scores

    let private retrieval (options: AccuracyOptions) (input: AccuracyInput) (warnings: ResizeArray<string>) =
        let groups =
            LabelGroups.create
                options.LabelComparison
                (atOnce * 16L)
                input.RefIncludesQuery
                input.QueryLabels
                input.ReferenceLabels

        let self = if input.RefIncludesQuery then 1L else 0L
        let available = input.Reference.size 0 - self

        let relevance =
            match input.Cameras with
            | ValueNone -> Relevance.ofGroups input.RefIncludesQuery groups
            | ValueSome cameras -> Relevance.ofCameras options.LabelComparison (atOnce * 16L) input cameras

        let most, isLone = relevance.Most, relevance.IsLone

        let scores =
            if isLone.all().item<bool>() then
                warnings.Add "No query has a reference with a matching label, so all metrics of neighbours are NaN."

                options.Metrics
                |> Array.map (fun _ -> torch.full_like (isLone, Numeric.scalar nan, dtype = torch.float64))
            else
                let given =
                    match options.K with
                    | null -> available
                    | AnyK.Most -> max 1L most
                    | AnyK.AtMost k -> min k available

                let usesR =
                    options.Metrics
                    |> Array.exists (fun metric -> metric.Neighbourhood = Neighbourhood.WithinR)

                if usesR && given < most then
                    warnings.Add
                        $"k is {given}, but up to {most} references match a query: r_precision and mean_average_precision_at_r see only the first {given}. Give \"max_bin_count\" for all of them."

                score options input relevance given available

        scores |> Array.map (Averages.summarize options groups isLone)

    let private clustering (options: AccuracyOptions) (input: AccuracyInput) : Contingency =
        let struct (distinct, _, _) = input.QueryLabels.unique ()
        let found = options.KMeans.Invoke(input.Query, int (distinct.size 0))

        if isNull (box found) || found.dim () <> 1L || found.size 0 <> input.Query.size 0 then
            invalidOp
                $"The k-means function must return the cluster of every row, a vector of {input.Query.size 0} integers."

        let host (labels: torch.Tensor) =
            labels.detach().to_type(torch.int64).cpu().contiguous().data<int64>().ToArray()

        let struct (_, classes, _) = input.QueryLabels.unique (true, true)
        Contingency.ofLabels (host (nonNull classes)) (host found)

    /// The accuracies of `query` (Q × D) with labels (Q) among `reference` (R × D) with labels (R). Without a reference, queries are
    /// searched among each other. With `refIncludesQuery`, row i of the query is row i of the reference, and no neighbour of itself. Labels
    /// may have levels (Q × levels) if a comparison reads them. Nothing is recorded for gradients.
    /// With cameras (Q) and (R), references that match a query and are of its camera are left out of its ranking; null: none are.
    /// ArgumentException when numbers of rows do not fit, or a number is NaN or infinite.
    let calculateAcross
        (queryCameras: torch.Tensor | null)
        (referenceCameras: torch.Tensor | null)
        (options: AccuracyOptions)
        (query: torch.Tensor)
        (queryLabels: torch.Tensor)
        (reference: torch.Tensor | null)
        (referenceLabels: torch.Tensor | null)
        (refIncludesQuery: bool)
        : Accuracies =
        use _ = torch.no_grad ()
        use _ = torch.NewDisposeScope()

        let input =
            AccuracyInput.create
                options.Device
                options.LabelComparison
                query
                queryLabels
                reference
                referenceLabels
                refIncludesQuery
                queryCameras
                referenceCameras

        let values = SortedDictionary<string, Accuracy>(StringComparer.Ordinal)
        let warnings = ResizeArray<string>()

        if options.Metrics.Length > 0 then
            retrieval options input warnings
            |> Array.iter2 (fun (metric: RetrievalMetric) accuracy -> values[metric.Name] <- accuracy) options.Metrics

        if options.NMI || options.AMI then
            let table = clustering options input

            if options.NMI then
                values["NMI"] <- Accuracy(MutualInformation.normalized table)

            if options.AMI then
                values["AMI"] <- Accuracy(MutualInformation.adjusted table)

        Accuracies(Dictionary<string, Accuracy>(values), warnings)

    /// The same without cameras.
    let calculate options query queryLabels reference referenceLabels refIncludesQuery : Accuracies =
        calculateAcross null null options query queryLabels reference referenceLabels refIncludesQuery
