namespace MetricLearning

open System
open System.Collections.Generic
open System.Runtime.CompilerServices
open System.Runtime.InteropServices
open TorchSharp
open MetricLearning.Core

/// The data that a run trains on, or that a model embeds: tensors, a TorchSharp data set, or samples of your own. Tensors
/// and samples stay yours and must outlive the training.
[<RequireQualifiedAccess; ReferenceEquality>]
type TrainingData =
    internal
    // One or several inputs with a row per sample, and the labels of all samples: what `Labels.ofDataset` reads.
    // A batch is one `index_select` an input.
    | Tensors of inputs: torch.Tensor[] * labels: obj
    // Samples read one by one. What of a sample needs no chance is read when it is given its index, and the rest when it is given
    // a seed: once or, for several views, several times. Tensors made while reading are disposed once the batch is collated.
    // `mayVary`: false where every seed gives the same.
    | Samples of count: (unit -> int64) * read: (int64 -> Seed -> (obj | null)) * mayVary: bool

    static member private OfInputs(data: torch.Tensor seq, labels: obj) : TrainingData =
        ArgumentNullException.ThrowIfNull(data, nameof data)
        ArgumentNullException.ThrowIfNull(labels, nameof labels)
        let inputs = Seq.toArray data

        for input in inputs do
            ArgumentNullException.ThrowIfNull(input, nameof data)

        TrainingData.Tensors(inputs, labels)

    /// A tensor with one row per sample, and a label per sample (N) or a row of levels per sample (N × levels).
    [<OverloadResolutionPriority(-1)>] // TorchSharp converts arrays to tensors by itself.
    static member FromTensors(data: torch.Tensor, labels: torch.Tensor) : TrainingData =
        TrainingData.OfInputs([ data ], labels)

    /// A tensor with one row per sample, and a label per sample.
    static member FromTensors(data: torch.Tensor, labels: IReadOnlyList<int64>) : TrainingData =
        TrainingData.OfInputs([ data ], labels)

    /// A tensor with one row per sample, and a label per sample.
    static member FromTensors(data: torch.Tensor, labels: IReadOnlyList<int>) : TrainingData =
        TrainingData.OfInputs([ data ], labels)

    /// A tensor with one row per sample, and a label per sample.
    static member FromTensors(data: torch.Tensor, labels: IReadOnlyList<string>) : TrainingData =
        TrainingData.OfInputs([ data ], labels)

    /// A tensor with one row per sample, and labels in another form: a two-dimensional array, or a list of tuples or
    /// arrays, for several levels; a list of enums.
    [<OverloadResolutionPriority(-2)>]
    static member FromTensors(data: torch.Tensor, labels: obj) : TrainingData = TrainingData.OfInputs([ data ], labels)

    /// Several inputs, each with one row per sample, for a trunk that takes as many tensors; labels in any of the other
    /// forms.
    static member FromTensors(data: IReadOnlyList<torch.Tensor>, labels: obj) : TrainingData =
        TrainingData.OfInputs(data, labels)

    /// A tensor with one row per sample, without labels: to be embedded, not to train on. ArgumentException if it has no
    /// rows.
    static member Unlabelled(data: torch.Tensor) : TrainingData =
        ArgumentNullException.ThrowIfNull(data, nameof data)

        if data.dim () = 0L then
            raise (ArgumentException "The input has no dimensions: it must have one row per sample.")

        TrainingData.Tensors([| data |], Array.zeroCreate<int64>(int (data.size 0)))

    /// A TorchSharp data set. Without a collate function and a getter, an item is a list or tuple of data and label, or a
    /// dictionary with the keys `data` and `label` (or `labels`). Loader workers read several items at the same time.
    /// Tensors made while reading are disposed once the batch is made.
    static member FromDataset(dataset: torch.utils.data.Dataset<'T>) : TrainingData =
        ArgumentNullException.ThrowIfNull(dataset, nameof dataset)
        TrainingData.Samples((fun () -> dataset.Count), (fun index _ -> box (dataset.GetTensor index)), true)

    /// A list of samples: tuples of data and label, or what a collate function and a getter make data and labels of. Data
    /// may be tensors, numbers or arrays of numbers. Loader workers read several samples at the same time.
    static member FromSamples(samples: IReadOnlyList<'T>) : TrainingData =
        ArgumentNullException.ThrowIfNull(samples, nameof samples)
        TrainingData.Samples((fun () -> int64 samples.Count), (fun index _ -> box samples[int index]), true)

    /// Samples made from their index (0 to `count` − 1) and a seed. The seed is a function of the run's seed and the
    /// sample's place in the order: augmentation that draws from it, as in `seed.Random()`, repeats and resumes with the run.
    static member FromSamples(count: int64, sample: Func<int64, Seed, 'T>) : TrainingData =
        ArgumentNullException.ThrowIfNull(sample, nameof sample)
        TrainingData.Samples((fun () -> count), (fun index seed -> box (sample.Invoke(index, seed))), true)

    member private data.Seen(views: int, join: int64 -> (obj | null)[] -> (obj | null)) : TrainingData =
        Ranges.atLeast 2L (nameof views) (int64 views)

        match data with
        | TrainingData.Samples(count, read, true) ->
            TrainingData.Samples(
                count,
                (fun index ->
                    let view = read index

                    fun seed ->
                        join
                            index
                            [|
                                for number in 0L .. int64 views - 1L -> view (Seed.derive "view" number seed)
                            |]),
                true
            )
        | TrainingData.Samples _ ->
            invalidOp
                "All views of a picture would be the same, because nothing changes it: give ToTrainingData an augmentation."
        | TrainingData.Tensors _ ->
            invalidOp
                "All views of a row of a tensor would be the same: make samples that a seed changes, with TrainingData.FromSamples of a count and a function of index and seed."

    /// <summary>Several views of each sample, to learn without labels: the sample is read as often, each time with another seed, so
    /// that its augmentation draws anew. The views stand side by side, (view, other view, label), and their label is the number of
    /// the sample. Samples need no label of their own; that of a tuple or list of several is its last element, and is left out.</summary>
    /// <param name="views">The number of views, at least 2.</param>
    /// <exception cref="System.InvalidOperationException">No seed changes the samples: rows of tensors, or pictures without an augmentation.</exception>
    member data.ToViews([<Optional; DefaultParameterValue(2)>] views: int) : TrainingData =
        data.Seen(views, SampleViews.numbered)

    /// <summary>The same with the sample's own label, so that views of all samples of a class belong together.</summary>
    /// <param name="views">The number of views, at least 2.</param>
    /// <exception cref="System.InvalidOperationException">No seed changes the samples: rows of tensors, or pictures without an augmentation.</exception>
    member data.ToLabelledViews([<Optional; DefaultParameterValue(2)>] views: int) : TrainingData =
        data.Seen(views, SampleViews.labelled)

    /// A TorchSharp data set of dictionaries.
    static member op_Implicit(dataset: torch.utils.data.Dataset) : TrainingData = TrainingData.FromDataset dataset

    /// A TorchSharp data set of lists, such as `TensorDataset`.
    static member op_Implicit(dataset: torch.utils.data.IterableDataset) : TrainingData =
        TrainingData.FromDataset dataset
