namespace MetricLearning

open System

/// Names of records of accuracies.
module internal RecordNames =

    /// A base name and the settings of a test.
    let describe (settings: TestSettings) (baseName: string) (levels: string) : string =
        String.Join(
            "_",
            [|
                baseName
                if settings.Pca.HasValue then
                    $"pca{settings.Pca.Value}"
                if settings.NormalizeEmbeddings then
                    "normalized"
                if settings.UseTrunkOutput then
                    "trunk"
                EmbeddingSpace.name settings.Space
                $"level_{levels}"
                match settings.Level.Camera with
                | ValueSome camera -> $"camera_level_{camera}"
                | ValueNone -> ()
                if settings.Accuracy.Averaging = Averaging.OverClasses then
                    "avg_of_avgs"
            |]
        )

    /// `<prefix>_<description>_<SPLIT>_vs_<REFERENCES>`, with `self` where the split is its only reference.
    let group (prefix: string | null) (description: string) (split: SplitToEval) : string =
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
