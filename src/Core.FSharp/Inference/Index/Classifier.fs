namespace MetricLearning

open System
open System.Collections.Generic
open System.Runtime.InteropServices
open TorchSharp

/// <summary>Classifies queries by the labels of the items of an index, which stays yours. Any number of threads may ask, also while the index changes.</summary>
/// <example>
/// <code>
/// using var classifier = new Classifier(index);
/// var found = classifier.ByVotes(queries, k: 5, threshold: 0.7)[0];
/// Console.WriteLine(found.IsKnown ? $"{found.Label} ({found.Confidence:P0})" : "unknown");
/// </code>
/// </example>
[<Sealed>]
type Classifier
    /// <summary>A classifier by the labels of a level.</summary>
    /// <param name="index">The items.</param>
    /// <param name="level">Items without a label of this level, from 0, have no vote.</param>
    (index: NeighbourIndex, [<Optional; DefaultParameterValue(0)>] level: int) =
    do
        ArgumentNullException.ThrowIfNull(index, nameof index)
        Ranges.atLeast 0L (nameof level) (int64 level)

    let gate = obj ()

    let empty () =
        new NeighbourIndex(new ExactSearch(index.Distance))

    let centroids = empty ()
    let mutable source: IndexVersion | null = null

    let means (shelf: IndexShelf) (version: IndexVersion) : NeighbourIndex =
        let made = empty ()

        let labelled =
            Array.zip (version.Keys()) version.Items
            |> Array.choose (fun (key, item) ->
                item.LabelAt level |> Option.ofObj |> Option.map (fun label -> key, label))

        if labelled.Length > 0 then
            let labels = labelled |> Array.map snd |> Array.distinct
            let placeOf = dict (labels |> Seq.mapi (fun place label -> label, int64 place))
            let rows = shelf.Vectors.Read(Array.map fst labelled)

            let places =
                torch.tensor ([| for _, label in labelled -> placeOf[label] |], device = rows.device)

            let sums =
                torch.zeros ([| labels.LongLength; rows.size 1 |], dtype = rows.dtype, device = rows.device)

            let counts =
                places.bincount(null, minlength = labels.LongLength).unsqueeze(1L).to_type rows.dtype

            let items =
                labels
                |> Array.mapi (fun place label -> IndexItem(ItemId.op_Implicit place, label))

            made.Put(items, sums.index_add_ (0L, places, rows, Numeric.whole 1L) / counts)

        made

    // Computed again when the index has changed; who asks meanwhile waits.
    let update () : unit =
        lock gate (fun () ->
            use _ = torch.no_grad ()
            use _ = torch.NewDisposeScope()

            index.Read(fun shelf version ->
                if not (obj.ReferenceEquals(source, version)) then
                    centroids.TakeOver(means shelf version)
                    source <- version))

    let distance () = index.Distance

    /// <summary>Each query's class by the votes of its k nearest items.</summary>
    /// <param name="queries">(Q × D).</param>
    /// <param name="k">The number of neighbours that are asked.</param>
    /// <param name="threshold">Only neighbours at this distance or nearer have a vote; by a similarity, at least so similar. Without one no query
    /// is unknown. <c>CalibrateThreshold</c> finds a good one. Null for none.</param>
    /// <exception cref="System.ArgumentException">Queries are no matrix of finite numbers as wide as those of the index; k is below 1; the threshold is NaN.</exception>
    member _.ByVotes
        (queries: torch.Tensor, [<Optional; DefaultParameterValue(5)>] k: int, [<Optional>] threshold: Nullable<float>)
        : IReadOnlyList<Classification> =
        IndexInput.checkSearch k threshold
        let distance = distance ()

        [|
            for nearest in index.Search(queries, k) -> Classification.byVotes distance level threshold nearest
        |]

    /// <summary>Each query's class by the nearest centroid: the mean of the vectors of a label, as they are compared. Means are computed when they are first
    /// asked for, and after each change of the index, which takes one pass over it.</summary>
    /// <param name="queries">(Q × D).</param>
    /// <param name="threshold">A query that is no nearer to any centroid is unknown; by a similarity, one that is less similar. Null for none.</param>
    /// <exception cref="System.ArgumentException">Queries are no matrix of finite numbers as wide as those of the index; the threshold is NaN.</exception>
    member _.ByCentroid
        (queries: torch.Tensor, [<Optional>] threshold: Nullable<float>)
        : IReadOnlyList<Classification> =
        IndexInput.checkSearch 1 threshold
        let distance = distance ()
        update ()

        [|
            for nearest in centroids.Search(queries, 2) -> Classification.byCentroid distance threshold nearest
        |]

    /// Frees the centroids.
    member _.Dispose() : unit = centroids.Dispose()

    interface IDisposable with
        member this.Dispose() = this.Dispose()
