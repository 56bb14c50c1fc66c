namespace MetricLearning

open System
open System.Collections.Generic
open System.Threading
open TorchSharp
open type TorchSharp.torch
open MetricLearning.Core

/// The options of embedding a data set.
[<RequireQualifiedAccess; ReferenceEquality>]
type internal EmbeddingOptions =
    {
        /// The number of samples that are embedded at once.
        BatchSize: int
        /// Threads that read samples; 0 for the caller's.
        Workers: int
        /// The device of samples; null for that of the model's parameters.
        Device: Device | null
        /// Converts floating-point samples; null keeps their type.
        Dtype: Nullable<ScalarType>
        /// Scales embeddings to length 1.
        NormalizeEmbeddings: bool
        /// The way samples are read.
        Reading: Reading
        /// The numbers of labels that are strings; null where strings are read as `Reading` has it.
        Names: LabelNames | null
        /// Seeds samples and networks.
        Seed: Seed
        /// Checked before every batch.
        CancellationToken: CancellationToken
        /// Each embeds some of the batches of a data set, and all get the embeddings.
        Processes: Processes
    }

module internal EmbeddingOptions =

    /// 32 samples at once, read by the caller's thread, where the model is; scaled to length 1; all levels of labels.
    let defaults: EmbeddingOptions =
        {
            BatchSize = 32
            Workers = 0
            Device = null
            Dtype = Nullable()
            NormalizeEmbeddings = true
            Reading =
                { Reading.Default with
                    Level = HierarchyLevel.All
                }
            Names = null
            Seed = Seed.ofInt64 0L
            CancellationToken = CancellationToken.None
            Processes = Processes.Alone
        }

    /// The device that samples are put on.
    let deviceOf (model: EmbeddingModel) (options: EmbeddingOptions) : Device =
        match options.Device with
        | null -> model.Device
        | device -> device

    /// An input there, converted.
    let placed (options: EmbeddingOptions) (device: Device) (input: Tensor) : Tensor =
        if options.Dtype.HasValue && input.is_floating_point () then
            input.``to`` (options.Dtype.Value, device)
        else
            input.``to`` device

    /// The options, where strings have their numbers in common with other data sets.
    let naming (options: EmbeddingOptions) : EmbeddingOptions =
        match options.Names with
        | names when not (isNull names) && options.Reading.Labels.IsIdentity ->
            { options with
                Reading =
                    { options.Reading with
                        Labels = LabelMap.Naming(nonNull names)
                    }
            }
        | _ -> options

    /// The level that a column of labels is of.
    let levelOf (options: EmbeddingOptions) (column: int) : int =
        match options.Reading.Level with
        | HierarchyLevel.One level -> level
        | HierarchyLevel.Several levels -> levels[column]
        | HierarchyLevel.All -> column

    /// For each column of labels the strings that its numbers stand for.
    let namesOf (options: EmbeddingOptions) (columns: int64) : IReadOnlyList<IReadOnlyList<string>> =
        Array.init (Convert.ToInt32 columns) (fun column ->
            options.Reading.Labels.Names(levelOf options column) :> IReadOnlyList<string>)
