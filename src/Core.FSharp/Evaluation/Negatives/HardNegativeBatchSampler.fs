namespace MetricLearning

open System
open System.Collections.Generic
open System.Runtime.InteropServices
open TorchSharp
open MetricLearning.Core

/// <summary>Batches of classes that the networks confuse, so that every loss and miner meets hard negatives: m samples of some classes, the
/// anchors, and m samples of each class of which one is a hard negative of an anchor.</summary>
/// <remarks>
/// At the start of every pass the networks embed the data set, in evaluation mode and without gradients, and each sample is compared with
/// all others, in blocks. An anchor's negatives are drawn at random from the ranks that the options name; the sample that was drawn is in
/// the batch, with others of its class. Where anchors have negatives of too few classes, random classes fill the batch. Every sample is an
/// anchor once, pass after pass, before any is again. Modes of the networks and all random streams stay as they were. The batches of a pass
/// are part of the training state; several processes embed and compare a share each. The trainer's batch size is not used.
/// </remarks>
[<Sealed>]
type HardNegativeBatchSampler
    /// <param name="labels">The label of each sample: an integer vector, a list of integers, enums or strings. Negatives have another.</param>
    /// <param name="m">Samples of each class in a batch, from 1.</param>
    /// <param name="batchSize">A multiple of m: at least 2 m, at most m times the number of classes.</param>
    /// <param name="dataset">What is embedded: the samples that are trained on, in the same order, best without random changes.</param>
    /// <param name="trunk">The network that sees the data, usually the one that trains.</param>
    /// <param name="embedder">The network on top of it; null if the trunk makes the embeddings.</param>
    /// <param name="hardClasses">How many of the batchSize / m classes of a batch are mined; null: half of them.</param>
    /// <param name="refreshEvery">Batches of a pass, after which the data set is mined anew; null: as many as it takes for every sample to be
    /// an anchor.</param>
    /// <param name="options">Which ranks are hard negatives, and what is too similar to be one; null: the ten most similar.</param>
    /// <param name="embeddingBatchSize">Samples that are embedded at once.</param>
    /// <param name="dataloaderNumWorkers">Threads that read samples to embed them.</param>
    /// <param name="dataDevice">The device of the samples; null: that of the networks' parameters.</param>
    /// <param name="dataAndLabelGetter">Batch to data and labels, as of the trainer.</param>
    /// <param name="precision">The numbers that the networks compute with.</param>
    /// <exception cref="System.ArgumentException">The arguments do not fit each other; all mistakes are named.</exception>
    (
        labels: obj,
        m: int,
        batchSize: int,
        dataset: TrainingData,
        trunk: torch.nn.Module,
        [<Optional; DefaultParameterValue(null: torch.nn.Module | null)>] embedder: torch.nn.Module | null,
        [<Optional>] hardClasses: Nullable<int>,
        [<Optional>] refreshEvery: Nullable<int>,
        [<Optional; DefaultParameterValue(null: HardNegativeOptions | null)>] options: HardNegativeOptions | null,
        [<Optional; DefaultParameterValue(32)>] embeddingBatchSize: int,
        [<Optional; DefaultParameterValue(0)>] dataloaderNumWorkers: int,
        [<Optional; DefaultParameterValue(null: torch.Device | null)>] dataDevice: torch.Device | null,
        [<Optional; DefaultParameterValue(null: Func<obj, struct (obj * obj)> | null)>] dataAndLabelGetter:
            Func<obj, struct (obj * obj)> | null,
        [<Optional; DefaultParameterValue(Precision.Float32)>] precision: Precision
    ) =
    inherit BatchSampler()

    do
        ArgumentNullException.ThrowIfNull(labels, nameof labels)
        ArgumentNullException.ThrowIfNull(dataset, nameof dataset)
        ArgumentNullException.ThrowIfNull(trunk, nameof trunk)

    let labels = LabelMap.Classes labels
    let members = ClassMembers.ofLabels labels |> Array.map (fun struct (_, own) -> own)
    let width = if m < 1 then 0 else batchSize / m

    let hard =
        if hardClasses.HasValue then
            hardClasses.Value
        else
            width / 2

    let reading =
        { EmbeddingOptions.defaults.Reading with
            DataAndLabelGetter = dataAndLabelGetter
        }

    do
        let samples =
            use source = BatchSource.ofDataset reading dataset
            source.Count

        let mistakes =
            [
                if labels.Length = 0 then
                    "labels is empty: give one label per sample."
                elif labels.LongLength <> samples then
                    $"There are {labels.Length} labels and {samples} samples: give one label per sample."
                if members.Length = 1 then
                    "All labels are the same: a negative has another label. Give data of at least two classes."
                if m < 1 then
                    $"m is {m}: it must be at least 1."
                elif batchSize % m <> 0 || width < 2 then
                    $"batchSize is {batchSize}: it must be a multiple of m, {m}, and at least {2 * m}, for two classes."
                elif members.Length > 1 && members.Length < width then
                    $"batchSize is {batchSize} and m {m}: a batch has {width} classes, but there are {members.Length} different labels."
                elif hard < 1 || hard >= width then
                    $"hardClasses is {hard}: of the {width} classes of a batch, at least one is of anchors and one mined. Give 1 to {width - 1}."
                if refreshEvery.HasValue && refreshEvery.Value < 1 then
                    $"refreshEvery is {refreshEvery.Value}: it must be at least 1."
                if embeddingBatchSize < 1 then
                    $"embeddingBatchSize is {embeddingBatchSize}: it must be at least 1."
                if dataloaderNumWorkers < 0 then
                    $"dataloaderNumWorkers is {dataloaderNumWorkers}: it must be at least 0."
            ]

        if not mistakes.IsEmpty then
            raise (ArgumentException("HardNegativeBatchSampler: " + String.Join(" ", mistakes)))

    let model = EmbeddingModel(trunk, embedder, precision)
    let options = HardNegativeOptions.CopyOf options

    let batches: HardBatches =
        let classOf = Array.zeroCreate<int> labels.Length

        members
        |> Array.iteri (fun chosen own -> own |> Array.iter (fun sample -> classOf[int sample] <- chosen))

        {
            Members = members
            ClassOf = classOf
            PerClass = m
            Classes = width
            AnchorClasses = width - hard
        }

    let ofRound = HardBatches.ofRound batches

    let length =
        if refreshEvery.HasValue then
            int64 refreshEvery.Value
        else
            ofRound

    // The negatives of each sample (N × Count), row after row.
    let mine (processes: Processes) (seed: Seed) : int64[] =
        use _ = torch.NewDisposeScope()

        let embedded =
            DatasetEmbeddings.compute
                model
                { EmbeddingOptions.defaults with
                    BatchSize = embeddingBatchSize
                    Workers = dataloaderNumWorkers
                    Device = dataDevice
                    // A cosine sees no lengths.
                    NormalizeEmbeddings = false
                    Reading = reading
                    // Of strings, too: labels are known already.
                    Names = LabelNames()
                    Seed = seed
                    Processes = processes
                }
                dataset

        let struct (indices, _) =
            NegativeSearch.find NegativeSearch.byCosine processes options embedded.Embeddings labels

        indices.cpu().data<int64>().ToArray()

    let draw (processes: Processes) (seed: Seed) (pass: int64) : int64[][] =
        let seed = Seed.derive "hard negatives" 0L seed
        let mined = mine processes (Seed.derive "mining" pass seed)

        let negativesOf (sample: int64) =
            Array.sub mined (int sample * options.Count) options.Count
            |> Array.filter (fun row -> row >= 0L)

        let numbers = [| pass * length .. (pass + 1L) * length - 1L |]

        // Rounds go on from pass to pass.
        let rounds =
            numbers
            |> Array.map (fun number -> number / ofRound)
            |> Array.distinct
            |> Array.map (fun round ->
                KeyValuePair(round, HardBatches.anchors batches (Seed.derive "round" round seed)))
            |> Dictionary

        numbers
        |> Array.map (fun number ->
            let anchors = rounds[number / ofRound][int (number % ofRound)]
            HardBatches.batch batches negativesOf anchors (Seed.derive "batch" number seed))

    override _.DependsOnWeights = true

    /// The number of batches of a pass.
    override _.Length = Nullable length

    override _.Pass(seed, pass) = draw Processes.Alone seed pass

    interface IDrawnTogether with
        member _.Pass(processes, seed, pass) = draw processes seed pass
