namespace MetricLearning

open MetricLearning.Core
open System
open System.Collections.Generic
open TorchSharp

/// Training data as its owner has it. The tensors and samples stay the owner's and must outlive the training.
[<RequireQualifiedAccess; ReferenceEquality>]
type Dataset =
    /// One or several inputs with a row per sample, and the labels of all samples: what `Labels.ofDataset` reads.
    /// A batch is one `index_select` an input.
    | Tensors of inputs: torch.Tensor[] * labels: obj
    /// Samples read one by one, by index, each with a seed of its own for chance such as augmentation. Several
    /// loader workers read at the same time. Tensors made while reading are disposed once the batch is collated.
    | Samples of count: (unit -> int64) * read: (Seed -> int64 -> (obj | null))

/// Making data sets.
module Dataset =

    /// One input and its labels.
    let ofTensors (data: torch.Tensor) (labels: obj) : Dataset = Dataset.Tensors([| data |], labels)

    /// One input without labels: to be embedded, not to train on. ArgumentException if it has no rows.
    let unlabelled (data: torch.Tensor) : Dataset =
        if data.dim () = 0L then
            raise (ArgumentException "The input has no dimensions: it must have one row per sample.")

        Dataset.Tensors([| data |], Array.zeroCreate<int64>(int (data.size 0)))

    /// Several inputs, for a trunk that takes as many, and their labels.
    let ofInputs (inputs: torch.Tensor seq) (labels: obj) : Dataset =
        Dataset.Tensors(Seq.toArray inputs, labels)

    /// A list of samples, such as pairs of data and label.
    let ofSamples (samples: IReadOnlyList<'T>) : Dataset =
        Dataset.Samples((fun () -> int64 samples.Count), (fun _ index -> box samples[int index]))

    /// A TorchSharp data set.
    let ofTorch (dataset: torch.utils.data.Dataset<'T>) : Dataset =
        Dataset.Samples((fun () -> dataset.Count), (fun _ index -> box (dataset.GetTensor index)))

    /// Samples made from index and seed. The seed is a function of the run's seed and the sample's place in the order,
    /// so chance that is drawn from it repeats and resumes with the run.
    let ofFunction (count: int64) (sample: int64 -> Seed -> 'T) : Dataset =
        Dataset.Samples((fun () -> count), (fun seed index -> box (sample index seed)))

    /// `ofFunction` for other languages.
    let ofDelegate (count: int64) (sample: Func<int64, Seed, 'T>) : Dataset =
        ofFunction count (fun index seed -> sample.Invoke(index, seed))
