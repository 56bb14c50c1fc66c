namespace MetricLearning

open System
open System.Collections.Generic
open System.Runtime.InteropServices
open TorchSharp

/// A batch of embeddings, in no dispose scope: dispose it.
[<Sealed>]
type EmbeddedBatch
    internal
    (embeddings: torch.Tensor[], labels: torch.Tensor, names: IReadOnlyList<IReadOnlyList<string>>, indices: int64[]) =

    /// (N × D), on the device where they were made.
    member _.Embeddings = embeddings[0]

    /// The embeddings of every stream of samples that have several.
    member internal _.Streams = embeddings

    /// (N × levels), int64, on the device of the embeddings.
    member _.Labels = labels

    /// For each column of labels the strings that its numbers stand for, as far as they are known: the string of label 2 is at place 2.
    /// Empty for a column of integers.
    member _.LabelNames: IReadOnlyList<IReadOnlyList<string>> = names

    /// The samples' numbers in the data set.
    member _.Indices = indices

    /// Disposes the tensors.
    member _.Dispose() =
        for tensor in embeddings do
            tensor.Dispose()

        labels.Dispose()

    interface IDisposable with
        member batch.Dispose() = batch.Dispose()

/// Embeddings of samples with their labels. The tensors belong to the dispose scope that is open when they are made, or to whoever
/// disposes this.
[<Sealed>]
type LabelledEmbeddings
    internal (embeddings: torch.Tensor, labels: torch.Tensor, names: IReadOnlyList<IReadOnlyList<string>>) =

    do
        ArgumentNullException.ThrowIfNull(embeddings, nameof embeddings)
        ArgumentNullException.ThrowIfNull(labels, nameof labels)

    static let check (embeddings: torch.Tensor) (labels: torch.Tensor) : unit =
        ArgumentNullException.ThrowIfNull(labels, nameof labels)
        EmbeddingChecks.areMatrices [ struct (nameof embeddings, embeddings) ]

        if
            labels.dim () <> 2L
            || labels.size 0 <> embeddings.size 0
            || labels.dtype <> torch.int64
        then
            invalidArg
                (nameof labels)
                $"labels has the shape {Shape.show labels.shape}, of {labels.dtype}, and there are {embeddings.size 0} embeddings: labels are int64, with a row for each embedding and a column for each level (unsqueeze(1) makes such a matrix of a vector)."

    /// Embeddings (N × D) with labels (N × levels, int64) that are their own names.
    /// Raises ArgumentException for tensors of other shapes or types.
    new(embeddings: torch.Tensor, labels: torch.Tensor) =
        check embeddings labels
        new LabelledEmbeddings(embeddings, labels, Array.Empty<IReadOnlyList<string>>())

    /// (N × D).
    member _.Embeddings = embeddings

    /// (N × levels), int64, on the device of the embeddings.
    member _.Labels = labels

    /// For each column of labels the strings that its numbers stand for: the string of label 2 is at place 2. Empty for a column of
    /// integers.
    member _.LabelNames: IReadOnlyList<IReadOnlyList<string>> = names

    /// The names of a column; none for integers.
    member internal _.NamesOf(column: int64) : IReadOnlyList<string> =
        if int column < names.Count then
            names[int column]
        else
            Array.Empty()

    /// Both, for C#'s <c>var (embeddings, labels) =</c>.
    member _.Deconstruct([<Out>] first: byref<torch.Tensor>, [<Out>] second: byref<torch.Tensor>) : unit =
        first <- embeddings
        second <- labels

    /// Disposes the tensors.
    member _.Dispose() =
        embeddings.Dispose()
        labels.Dispose()

    interface IDisposable with
        member this.Dispose() = this.Dispose()
