namespace MetricLearning

open System
open System.Collections
open TorchSharp

/// Embedding data sets without their labels.
module internal Unlabelled =

    let private none (rows: int64) : obj = Array.zeroCreate<int64>(int rows)

    let private rowsOf (data: obj) : int64 =
        match BatchParts.tensors data with
        | [||] -> 0L
        | parts when parts[0].dim() = 0L -> 0L
        | parts -> parts[0].size 0

    // A batch without labels is one tensor, or has one part.
    let private dataOf (batch: obj) : obj =
        match batch with
        | :? torch.Tensor -> batch
        | :? IList as parts when parts.Count = 1 && not (batch :? IDictionary) -> batch
        | _ ->
            let struct (data, _) = BatchParts.split batch
            data

    // The same inputs; labels are never read.
    let private dataset (reading: Reading) (dataset: TrainingData) : struct (Reading * TrainingData) =
        let getter =
            match reading.DataAndLabelGetter with
            | null -> dataOf
            | getter ->
                fun batch ->
                    let struct (data, _) = getter.Invoke batch
                    data

        match dataset with
        | TrainingData.Tensors(inputs, _) when
            isNull reading.CollateFn
            && isNull reading.DataAndLabelGetter
            && inputs.Length > 0
            && inputs[0].dim() > 0L
            ->
            struct (Reading.Default, TrainingData.Tensors(inputs, none (inputs[0].size 0)))
        | _ ->
            struct ({ Reading.Default with
                        CollateFn = reading.CollateFn
                        DataAndLabelGetter =
                            Func<_, _>(fun batch ->
                                let data = getter batch
                                struct (data, none (rowsOf data)))
                    },
                    dataset)

    /// The embeddings (N × D) of a data set with labels of any kind, or without.
    let embed (model: EmbeddingModel) (options: EmbeddingOptions) (samples: TrainingData) : torch.Tensor =
        let struct (reading, samples) = dataset options.Reading samples

        let found =
            DatasetEmbeddings.compute model { options with Reading = reading } samples

        found.Labels.Dispose()
        found.Embeddings
