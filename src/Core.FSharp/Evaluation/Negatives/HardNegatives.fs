namespace MetricLearning

open System
open System.Runtime.InteropServices
open TorchSharp
open MetricLearning.Core

/// <summary>The hard negatives of every row of some embeddings: the rows of other labels that are most similar to it.</summary>
/// <example>
/// <code>using var embedded = model.GetLabelledEmbeddings(dataset);
/// using var negatives = HardNegatives.Mine(embedded, new() { SkipNearest = 2, RelativeMargin = 0.05 });</code>
/// </example>
[<Sealed>]
type HardNegatives private (indices: torch.Tensor, similarities: torch.Tensor) =

    static let mine (embeddings: torch.Tensor) (labels: int64[]) (options: HardNegativeOptions | null) =
        if labels.LongLength <> embeddings.size 0 then
            invalidArg
                "labels"
                $"There are {embeddings.size 0} embeddings and {labels.Length} labels: every embedding needs one label."

        if (Array.distinct labels).Length < 2 then
            invalidArg
                "labels"
                "All labels are the same: negatives are rows of other labels. Give rows of at least two."

        let struct (indices, similarities) =
            NegativeSearch.find
                NegativeSearch.byCosine
                Processes.Alone
                (HardNegativeOptions.CopyOf options)
                embeddings
                labels

        new HardNegatives(indices, similarities)

    /// <summary>Finds them by cosine similarity, exactly, in blocks: of N rows it keeps N × Count numbers and never N × N.</summary>
    /// <param name="embeddings">A row a sample (N × D), of any length.</param>
    /// <param name="labels">A label for each row: an integer vector, a list of integers, enums or strings. Null: every row has its own.</param>
    /// <param name="options">Which ranks, and what is too similar; null: the ten most similar.</param>
    /// <exception cref="System.ArgumentException">A number is NaN or infinite, labels are missing or have several levels, or all are the
    /// same.</exception>
    static member Mine
        (
            embeddings: torch.Tensor,
            labels: obj | null,
            [<Optional; DefaultParameterValue(null: HardNegativeOptions | null)>] options: HardNegativeOptions | null
        ) : HardNegatives =
        EmbeddingChecks.areComparable [ struct (nameof embeddings, embeddings) ]

        let labels =
            match labels with
            | null -> [| 0L .. embeddings.size 0 - 1L |]
            | given ->
                match LabelMap.Levels given with
                | [| one |] -> one
                | several ->
                    invalidArg
                        (nameof labels)
                        $"The labels have {several.Length} levels: negatives are of another label at one of them. Give the labels of that one."

        mine embeddings labels options

    /// <summary>Finds those of embeddings that are of one level of labels, as a tester or a model gives them.</summary>
    /// <param name="embedded">Embeddings with their labels; they stay yours.</param>
    /// <param name="options">Which ranks, and what is too similar; null: the ten most similar.</param>
    /// <exception cref="System.ArgumentException">A number is NaN or infinite, labels have several levels, or all are the same.</exception>
    static member Mine
        (
            embedded: LabelledEmbeddings,
            [<Optional; DefaultParameterValue(null: HardNegativeOptions | null)>] options: HardNegativeOptions | null
        ) : HardNegatives =
        ArgumentNullException.ThrowIfNull(embedded, nameof embedded)
        let levels = embedded.Labels.numel () / max 1L (embedded.Embeddings.size 0)

        if levels <> 1L then
            invalidArg
                (nameof embedded)
                $"The labels have {levels} levels: give the embeddings and one level of the labels, such as Labels.select(1, 0)."

        use labels = embedded.Labels.reshape [| -1L |]
        HardNegatives.Mine(embedded.Embeddings, labels, options)

    /// The negatives' rows (N × Count), int64, on the device of the embeddings: most similar first, equally similar ones in the order of
    /// their rows; −1 where a row has fewer.
    member _.Indices = indices

    /// Their cosine similarities (N × Count); −∞ where a row has fewer.
    member _.Similarities = similarities

    /// Both, for C#'s <c>var (indices, similarities) =</c>.
    member _.Deconstruct([<Out>] first: byref<torch.Tensor>, [<Out>] second: byref<torch.Tensor>) : unit =
        first <- indices
        second <- similarities

    /// Frees both.
    member _.Dispose() =
        indices.Dispose()
        similarities.Dispose()

    interface IDisposable with
        member this.Dispose() = this.Dispose()
