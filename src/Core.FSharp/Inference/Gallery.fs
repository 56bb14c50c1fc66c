namespace MetricLearning

open System
open System.Collections.Generic
open System.Runtime.InteropServices
open TorchSharp

/// <summary>A model with the items that its inputs are compared with: pictures and other samples go in, and are searched for. Model and index stay yours.</summary>
/// <remarks>
/// Any number of threads may call it at once. Embedding happens before the index is asked to change, so that nobody waits for it.
/// </remarks>
/// <example>
/// <code>
/// using var index = new NeighbourIndex();
/// using var gallery = new Gallery(model, index);
/// gallery.Add(samples, number => number);
/// var nearest = gallery.Search(queries, k: 5)[0];
/// gallery.Save("model.safetensors");
/// </code>
/// </example>
[<Sealed>]
type Gallery(model: InferenceModel, index: NeighbourIndex) =
    do
        ArgumentNullException.ThrowIfNull(model, nameof model)
        ArgumentNullException.ThrowIfNull(index, nameof index)

    let classifier = new Classifier(index)

    let embedding (argument: string) (inputs: Inputs) (batchSize: int) (act: torch.Tensor -> 'Result) : 'Result =
        ArgumentNullException.ThrowIfNull(inputs, argument)
        use embeddings = model.GetEmbeddings(inputs, batchSize)
        act embeddings

    // A threshold of matches is one of this index if both compare alike.
    let thresholdOr (given: Nullable<float>) : Nullable<float> =
        let own, other =
            InferenceFile.describe model.MatchFinder.Distance, InferenceFile.describe index.Distance

        if given.HasValue then
            given
        elif own = other then
            model.MatchFinder.Threshold
        else
            invalidOp
                $"The model's threshold is for the distance {own}, but the index compares by {other}: give a threshold, or make both with the same distance."

    /// The model.
    member _.Model = model

    /// The index.
    member _.Index = index

    /// <summary>Adds samples with items that you have made: all or none.</summary>
    /// <param name="items">One for each sample, of ids that the index does not have.</param>
    /// <param name="inputs">The samples; labels are ignored.</param>
    /// <param name="batchSize">The number of samples that are embedded at once.</param>
    /// <exception cref="System.ArgumentException">An id is there already, or twice; or there is not one item a sample.</exception>
    member _.Add
        (items: IEnumerable<IndexItem>, inputs: Inputs, [<Optional; DefaultParameterValue(64)>] batchSize: int)
        : unit =
        embedding (nameof inputs) inputs batchSize (fun vectors -> index.Add(items, vectors))

    /// The same, where items of the same ids are replaced.
    member _.Put
        (items: IEnumerable<IndexItem>, inputs: Inputs, [<Optional; DefaultParameterValue(64)>] batchSize: int)
        : unit =
        embedding (nameof inputs) inputs batchSize (fun vectors -> index.Put(items, vectors))

    /// <summary>Adds the samples of a data set with its labels, all or none. Numbers become labels of digits.</summary>
    /// <param name="dataset">Samples with labels.</param>
    /// <param name="idOf">The id for the number of a sample, from 0.</param>
    /// <param name="payloadOf">Its payload; null for none.</param>
    /// <param name="batchSize">The number of samples that are embedded at once.</param>
    /// <exception cref="System.ArgumentException">An id is there already, or twice; or labels cannot be read.</exception>
    member _.Add
        (
            dataset: TrainingData,
            idOf: Func<int, ItemId>,
            [<Optional; DefaultParameterValue(null: Func<int, string> | null)>] payloadOf: Func<int, string> | null,
            [<Optional; DefaultParameterValue(64)>] batchSize: int
        ) : unit =
        ArgumentNullException.ThrowIfNull(idOf, nameof idOf)
        use samples = model.GetLabelledEmbeddings(dataset, batchSize)
        let labels = LabelWords.ofSamples samples

        let items =
            labels
            |> Array.mapi (fun number labels ->
                let payload =
                    match payloadOf with
                    | null -> null
                    | payloadOf -> payloadOf.Invoke number

                IndexItem(idOf.Invoke number, labels, payload))

        index.Add(items, samples.Embeddings)

    /// <summary>The nearest items for each sample, as <c>NeighbourIndex.Search</c> finds them.</summary>
    /// <param name="query">The samples; labels are ignored.</param>
    /// <param name="k">The largest number of items to find for each.</param>
    /// <param name="threshold">Only items at this distance or nearer; by a similarity, at least so similar. Null for all.</param>
    /// <param name="filter">Only items that pass it; null for all.</param>
    /// <param name="batchSize">The number of samples that are embedded at once.</param>
    /// <exception cref="System.ArgumentException">k is below 1, or the threshold is NaN.</exception>
    member _.Search
        (
            query: Inputs,
            k: int,
            [<Optional>] threshold: Nullable<float>,
            [<Optional; DefaultParameterValue(null: Func<IndexItem, bool> | null)>] filter: Func<IndexItem, bool> | null,
            [<Optional; DefaultParameterValue(64)>] batchSize: int
        ) : IReadOnlyList<IReadOnlyList<FoundItem>> =
        embedding (nameof query) query batchSize (fun queries -> index.Search(queries, k, threshold, filter))

    /// <summary>The class of each sample by the votes of its k nearest items, or that it is unknown.</summary>
    /// <param name="query">The samples; labels are ignored.</param>
    /// <param name="k">The number of neighbours that are asked.</param>
    /// <param name="threshold">Only neighbours as near as this have a vote; null for the model's, which <c>CalibrateThreshold</c> chooses.</param>
    /// <param name="batchSize">The number of samples that are embedded at once.</param>
    /// <exception cref="System.InvalidOperationException">The model's threshold is for another distance than that of the index.</exception>
    member _.Classify
        (
            query: Inputs,
            [<Optional; DefaultParameterValue(5)>] k: int,
            [<Optional>] threshold: Nullable<float>,
            [<Optional; DefaultParameterValue(64)>] batchSize: int
        ) : IReadOnlyList<Classification> =
        let threshold = thresholdOr threshold
        embedding (nameof query) query batchSize (fun queries -> classifier.ByVotes(queries, k, threshold))

    /// <summary>The same by the nearest centroid of a class.</summary>
    /// <param name="query">The samples; labels are ignored.</param>
    /// <param name="threshold">A sample that is no nearer to any centroid is unknown; null for the model's.</param>
    /// <param name="batchSize">The number of samples that are embedded at once.</param>
    /// <exception cref="System.InvalidOperationException">The model's threshold is for another distance than that of the index.</exception>
    member _.ClassifyByCentroid
        (query: Inputs, [<Optional>] threshold: Nullable<float>, [<Optional; DefaultParameterValue(64)>] batchSize: int)
        : IReadOnlyList<Classification> =
        let threshold = thresholdOr threshold
        embedding (nameof query) query batchSize (fun queries -> classifier.ByCentroid(queries, threshold))

    /// <summary>Writes model and index into one safetensors file, which appears whole or not at all: <c>InferenceModel.Load</c> reads the model from it,
    /// and <c>NeighbourIndex.Load</c> the index.</summary>
    /// <exception cref="System.IO.IOException">The file cannot be written; an earlier one is still there.</exception>
    member _.Save(path: string) : unit =
        use _ = torch.NewDisposeScope()
        model.SaveWith(path, index.Content)

    /// Frees the centroids of classes; model and index stay yours.
    member _.Dispose() : unit = classifier.Dispose()

    interface IDisposable with
        member this.Dispose() = this.Dispose()
