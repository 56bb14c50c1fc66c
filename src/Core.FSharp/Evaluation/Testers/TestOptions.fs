namespace MetricLearning

open MetricLearning.Core
open System
open System.Collections.Generic

/// Which samples are compared with which.
[<RequireQualifiedAccess>]
type EmbeddingSpace =
    /// All of a split with all of its references.
    | Global
    /// Those of one parent label, the one a level higher, with each other.
    | WithSameParentLabel
    /// Of samples with two inputs, the first with the second.
    | TwoStream

    /// What names of records say of it.
    member space.Name =
        match space with
        | Global -> "GlobalEmbeddingSpaceTester"
        | WithSameParentLabel -> "WithSameParentLabelTester"
        | TwoStream -> "GlobalTwoStreamEmbeddingSpaceTester"

/// How a tester looks at embeddings.
[<RequireQualifiedAccess; ReferenceEquality>]
type TestOptions =
    {
        /// Which samples are compared with which.
        Space: EmbeddingSpace
        /// How data sets are embedded. `NormalizeEmbeddings` comes after principal components; `Reading.Level` says which levels of
        /// labels count.
        Embedding: EmbeddingOptions
        /// Leaves the embedder out.
        UseTrunkOutput: bool
        /// So many principal components take the place of embeddings; null: embeddings as they are.
        Pca: Nullable<int>
        /// What is calculated.
        Accuracy: AccuracyOptions
        /// Losses whose mean over a split is reported, by their names.
        Losses: KeyValuePair<string, Loss>[]
    }

/// Making options.
module TestOptions =

    /// All documented metrics of the first level of labels, embeddings scaled to length 1.
    let defaults: TestOptions =
        {
            Space = EmbeddingSpace.Global
            Embedding =
                { DatasetEmbeddings.defaults with
                    Reading = Reading.Default
                }
            UseTrunkOutput = false
            Pca = Nullable()
            Accuracy = AccuracyOptions.defaults
            Losses = [||]
        }

    /// What record names say of the options, after a base name.
    let describe (baseName: string) (levels: string) (options: TestOptions) : string =
        String.Join(
            "_",
            [|
                baseName
                if options.Pca.HasValue then
                    $"pca{options.Pca.Value}"
                if options.Embedding.NormalizeEmbeddings then
                    "normalized"
                if options.UseTrunkOutput then
                    "trunk"
                options.Space.Name
                $"level_{levels}"
                if options.Accuracy.Averaging = Averaging.OverClasses then
                    "avg_of_avgs"
            |]
        )

    /// Where the results of a split are recorded: `<prefix>_<description>_<SPLIT>_vs_<references>`, `self` where it is
    /// its only reference.
    let groupName (prefix: string | null) (description: string) (split: SplitToEval) : string =
        let references =
            split.References
            |> Seq.map _.ToUpperInvariant()
            |> Seq.sortWith (fun one other -> String.CompareOrdinal(one, other))

        let name = split.Query.ToUpperInvariant()

        let against =
            match String.Join("_and_", references) with
            | itself when itself = name -> "self"
            | others -> others

        let start = if String.IsNullOrEmpty prefix then "" else $"{prefix}_"

        $"{start}{description}_{name}_vs_{against}"
