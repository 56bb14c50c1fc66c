namespace MetricLearning

open System
open System.Collections.Generic
open TorchSharp

/// Embeddings of splits, and their scores.
module internal SplitScores =

    let private normalizer = LpDistance()

    /// The networks as one function.
    let model (settings: TestSettings) (trunk: torch.nn.Module) (embedder: torch.nn.Module | null) : EmbeddingModel =
        EmbeddingModel(trunk, (if settings.UseTrunkOutput then null else embedder))

    /// The embeddings of a data set, those of two streams one after the other.
    let embed (settings: TestSettings) (model: EmbeddingModel) (dataset: TrainingData) : LabelledEmbeddings list =
        match settings.Space with
        | EmbeddingSpace.TwoStream ->
            DatasetEmbeddings.computeStreams 2 model settings.Embedding dataset
            |> List.ofArray
        | _ -> [ DatasetEmbeddings.compute model settings.Embedding dataset ]

    /// Principal components of the references, then lengths of 1.
    let prepare (settings: TestSettings) (references: torch.Tensor) (embeddings: torch.Tensor list) =
        let projected =
            if settings.Pca.HasValue then
                let pca = Pca.Fit(references, settings.Pca.Value)
                List.map pca.Project embeddings
            else
                embeddings

        if settings.NormalizeEmbeddings then
            List.map normalizer.Normalize projected
        else
            projected

    /// Embeddings of several data sets, one after the other.
    let join (several: LabelledEmbeddings list) : LabelledEmbeddings =
        match several with
        | [ one ] -> one
        | several ->
            new LabelledEmbeddings(
                torch.cat (several |> Seq.map _.Embeddings |> Seq.toArray, 0L),
                torch.cat (several |> Seq.map _.Labels |> Seq.toArray, 0L)
            )

    let private compare
        (settings: TestSettings)
        (find: string -> LabelledEmbeddings list)
        (split: SplitToEval)
        : Compared =
        let query, references, includesQuery =
            match settings.Space, find split.Query with
            | EmbeddingSpace.TwoStream, [ anchors; others ] -> anchors, others, false
            | _, found -> found.Head, split.References |> Seq.collect find |> Seq.toList |> join, split.IncludesQuery

        let isSame = Object.ReferenceEquals(query, references)

        match
            prepare
                settings
                references.Embeddings
                [
                    references.Embeddings
                    if not isSame then
                        query.Embeddings
                ]
        with
        | [ others; own ] ->
            {
                Query = new LabelledEmbeddings(own, query.Labels)
                Reference = new LabelledEmbeddings(others, references.Labels)
                RefIncludesQuery = includesQuery
            }
        | prepared ->
            let itself = new LabelledEmbeddings(prepared.Head, references.Labels)

            {
                Query = itself
                Reference = itself
                RefIncludesQuery = includesQuery
            }

    let private evaluate
        (settings: TestSettings)
        (levels: LabelLevels)
        (compared: Compared)
        (warnings: ResizeArray<string>)
        : Dictionary<string, Accuracy> =
        let values = Dictionary<string, Accuracy>()

        let byLevel =
            [
                for struct (level, _) in levels.Levels do
                    let found =
                        LevelScores.ofLevel settings.Space settings.Accuracy levels level compared

                    warnings.AddRange found.Warnings

                    for entry in found.Values do
                        values[$"{entry.Key}_level{level}"] <- entry.Value

                    found
            ]

        if byLevel.Length > 1 then
            for name in byLevel.Head.Values.Keys do
                let scores =
                    byLevel
                    |> List.choose (fun found ->
                        match found.Values.TryGetValue name with
                        | true, accuracy -> Some accuracy.Value
                        | _ -> None)

                values[$"AVERAGE_{name}"] <- Accuracy(List.average scores)

        values

    let private addLosses
        (settings: TestSettings)
        (levels: LabelLevels)
        (embeddings: LabelledEmbeddings list)
        (values: Dictionary<string, Accuracy>)
        =
        let struct (_, column) = levels.Levels[0]
        let split = join embeddings
        let labels = split.Labels.select (1L, column)

        for entry in settings.Losses do
            values[entry.Key] <-
                Accuracy(ValidationLoss.mean settings.Embedding.BatchSize entry.Value split.Embeddings labels)

    /// The results of a split by name, from the embeddings of every split.
    let ofSplit
        (settings: TestSettings)
        (find: string -> LabelledEmbeddings list)
        (levels: LabelLevels)
        (split: SplitToEval)
        (warnings: ResizeArray<string>)
        : IReadOnlyDictionary<string, Accuracy> =
        let values = evaluate settings levels (compare settings find split) warnings
        addLosses settings levels (find split.Query) values
        values
