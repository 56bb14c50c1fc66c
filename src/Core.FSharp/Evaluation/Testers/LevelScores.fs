namespace MetricLearning

open System
open System.Collections.Generic
open TorchSharp

/// Queries and references of one split, with labels as matrices.
[<ReferenceEquality>]
type internal Compared =
    {
        Query: LabelledEmbeddings
        Reference: LabelledEmbeddings
        RefIncludesQuery: bool
    }

/// Accuracies of one level of labels.
module internal LevelScores =

    let private calculate
        (options: AccuracyOptions)
        (levels: LabelLevels)
        (column: int64)
        (compared: Compared)
        : Accuracies =
        let labels (embeddings: LabelledEmbeddings) =
            LabelLevels.labelsAt levels column embeddings.Labels

        let cameras (embeddings: LabelledEmbeddings) : torch.Tensor | null =
            match levels.Camera with
            | ValueSome camera -> embeddings.Labels.select (1L, camera)
            | ValueNone -> null

        AccuracyCalculation.calculateAcross
            (cameras compared.Query)
            (cameras compared.Reference)
            { options with
                Names =
                    if levels.Together.Length = 0 then
                        compared.Reference.NamesOf column
                    else
                        [||]
            }
            compared.Query.Embeddings
            (labels compared.Query)
            compared.Reference.Embeddings
            (labels compared.Reference)
            compared.RefIncludesQuery

    // Means over the parents that have a result.
    let private mean (several: Accuracies list) : Accuracies =
        let values = Dictionary<string, Accuracy>()

        for name in several.Head.Values.Keys do
            let scores =
                several
                |> List.map (fun accuracies -> accuracies.Values[name].Value)
                |> List.filter (Double.IsNaN >> not)

            values[name] <- Accuracy(if scores.IsEmpty then nan else List.average scores)

        Accuracies(
            values,
            several
            |> List.collect (fun one -> List.ofSeq one.Warnings)
            |> List.distinct
            |> List.toArray
        )

    let private ofParent (parents: int64) (label: torch.Tensor) (compared: Compared) : Compared option =
        let pick (embeddings: LabelledEmbeddings) =
            let rows = embeddings.Labels.select(1L, parents).eq(label).nonzero().view -1L

            new LabelledEmbeddings(
                embeddings.Embeddings.index_select (0L, rows),
                embeddings.Labels.index_select (0L, rows),
                embeddings.LabelNames
            )

        let reference = pick compared.Reference

        if reference.Labels.size 0 = 0L then
            None
        else
            Some
                { compared with
                    Query = pick compared.Query
                    Reference = reference
                }

    let private withSameParent
        (options: AccuracyOptions)
        (levels: LabelLevels)
        (column: int64)
        (parents: int64)
        (compared: Compared)
        =
        let struct (labels, _, _) = compared.Query.Labels.select(1L, parents).unique()

        [
            for row in 0L .. labels.size 0 - 1L do
                use _ = torch.NewDisposeScope()

                match ofParent parents (labels.narrow (0L, row, 1L)) compared with
                | Some family -> calculate options levels column family
                | None -> ()
        ]
        |> function
            | [] ->
                Accuracies(
                    Dictionary(),
                    [|
                        "No reference has a parent label of a query, so there is nothing to compare."
                    |]
                )
            | families -> mean families

    /// The accuracies of a level in a space.
    let ofLevel
        (space: EmbeddingSpace)
        (options: AccuracyOptions)
        (levels: LabelLevels)
        (level: int)
        (compared: Compared)
        : Accuracies =
        let column = levels.ColumnOf level

        match space with
        | EmbeddingSpace.WithSameParentLabel ->
            withSameParent options levels column (levels.ColumnOf(level + 1)) compared
        | _ -> calculate options levels column compared
