namespace MetricLearning

open System
open System.Collections.Generic
open System.IO
open System.Runtime.InteropServices
open System.Text
open TorchSharp
open MetricLearning.Core

/// <summary>A run on one page: its losses, learning rates and accuracies from records, and what a set of embeddings looks like. The
/// page is one HTML file that loads nothing from elsewhere, for light and dark screens, wide and narrow.</summary>
/// <example>
/// <code>
/// var report = new RunReport(keeper) { Title = "Products, 2026-11" };
/// report.AddEmbeddings("validation", embeddings);
/// report.Save(Path.Combine(folder, "run.html"));
/// </code>
/// </example>
[<Sealed>]
type RunReport(keeper: RecordKeeper) =
    do ArgumentNullException.ThrowIfNull(keeper, nameof keeper)

    let parts = List<string>()
    let mutable title = "Training run"

    let lines (group: string) (wanted: string -> bool) : ChartLine list =
        let history = keeper.History group

        match history.TryGetValue CsvTable.X with
        | true, places ->
            [
                for entry in history do
                    if entry.Key <> CsvTable.X && wanted entry.Key then
                        {
                            Name = entry.Key
                            Points =
                                Seq.zip places entry.Value
                                |> Seq.map (fun (x, y) -> struct (x, y))
                                |> Array.ofSeq
                        }
            ]
        | _ -> []

    let named (prefix: string) (line: ChartLine) =
        { line with
            Name = $"{prefix} {line.Name}"
        }

    // Groups of learning rates are the only ones with a series `lr`.
    let rates () : ChartLine list =
        [
            for group in keeper.Groups do
                if Seq.contains "lr" (keeper.Series group) then
                    for line in
                        lines group (fun series -> series = "lr" || series.StartsWith("lr_", StringComparison.Ordinal)) do
                        named group line
        ]

    let isAccuracy (series: string) =
        series <> AccuracyKeys.Epoch
        && series <> "best_epoch"
        && series <> "best_accuracy"
        && not (series.EndsWith("_by_class", StringComparison.Ordinal))

    let accuracies () : string list =
        [
            for group in keeper.Groups do
                if Seq.contains "best_epoch" (keeper.Series group) then
                    LineChart.svg group "epoch" (lines group isAccuracy)
        ]

    let fromRecords () : string =
        String.Concat
            [
                LineChart.svg "Losses" "iteration" (lines Recording.LossHistories (fun _ -> true))
                LineChart.svg "Learning rates" "iteration" (rates ())
                yield! accuracies ()
            ]

    // A picture that the page carries with it.
    let carried (path: string) : string =
        let kind =
            match (nonNull (Path.GetExtension path)).ToLowerInvariant() with
            | ".png" -> "png"
            | ".gif" -> "gif"
            | ".webp" -> "webp"
            | _ -> "jpeg"

        $"data:image/{kind};base64,{Convert.ToBase64String(File.ReadAllBytes path)}"

    /// The heading of the page.
    member _.Title
        with get (): string = title
        and set (value: string) =
            ArgumentNullException.ThrowIfNull(value, nameof value)
            title <- value

    /// <summary>Adds what embeddings look like: how far pairs of one class and of two classes lie apart, where samples lie, and the
    /// pairs that are hardest. Of more than 5,000 samples, 5,000 at equal intervals are shown.</summary>
    /// <param name="name">The heading: a split, say.</param>
    /// <param name="embeddings">At least two samples, such as a tester's <c>GetAllEmbeddings</c> gives; finite.</param>
    /// <param name="level">The column of labels.</param>
    /// <param name="describe">What a sample is, by its row; null: its class and row.</param>
    /// <param name="pictureOf">The file of a sample's picture, by its row, which the page then carries; null: no pictures.</param>
    /// <param name="hardest">How many of the hardest pairs of either kind to show.</param>
    member _.AddEmbeddings
        (
            name: string,
            embeddings: LabelledEmbeddings,
            [<Optional; DefaultParameterValue(0)>] level: int,
            [<Optional; DefaultParameterValue(null: Func<int64, string> | null)>] describe: Func<int64, string> | null,
            [<Optional; DefaultParameterValue(null: Func<int64, string> | null)>] pictureOf: Func<int64, string> | null,
            [<Optional; DefaultParameterValue(10)>] hardest: int
        ) : unit =
        ArgumentNullException.ThrowIfNull(name, nameof name)
        ArgumentNullException.ThrowIfNull(embeddings, nameof embeddings)
        let rows, levels = embeddings.Embeddings.size 0, embeddings.Labels.size 1

        if level < 0 || int64 level >= levels then
            raise (
                ArgumentOutOfRangeException(
                    nameof level,
                    $"There are {levels} levels of labels, from 0; {level} is none."
                )
            )

        if hardest < 0 then
            raise (ArgumentOutOfRangeException(nameof hardest, $"hardest is {hardest}; it cannot be below 0."))

        if rows < 2L then
            invalidArg (nameof embeddings) $"{rows} sample(s) make no pair; give at least two."

        use _ = torch.NewDisposeScope()
        EmbeddingChecks.areFinite [ struct (nameof embeddings, embeddings.Embeddings) ]
        let step = (rows + 4999L) / 5000L
        let some = embeddings.Embeddings.slice (0L, 0L, rows, step)

        let labels =
            embeddings.Labels.slice(0L, 0L, rows, step).select(1L, int64 level).cpu()

        let numbers = labels.data<int64>().ToArray()
        let names = embeddings.NamesOf(int64 level)

        let describe (row: int64) : string =
            match describe with
            | null ->
                let label = numbers[int row]

                let shown =
                    if label < int64 names.Count && label >= 0L then
                        names[int label]
                    else
                        string label

                $"{shown}, row {row * step}"
            | given -> given.Invoke(row * step)

        let picture (row: int64) : string | null =
            match pictureOf with
            | null -> null
            | given -> carried (given.Invoke(row * step))

        let scan = PairScan.ofEmbeddings hardest some labels

        parts.Add(
            String.Concat
                [
                    $"<h2>{Html.text name}</h2>\n"
                    if some.size 0 < rows then
                        $"<p>{some.size 0:N0} of {rows:N0} samples.</p>\n"
                    EmbeddingPictures.histogram scan
                    if some.size 1 > 1L then
                        EmbeddingPictures.map describe some numbers
                    HardPairs.tables describe picture scan
                ]
        )

    /// The page, from what is recorded by now.
    member _.ToHtml() : string =
        let recorded = fromRecords ()

        StringBuilder()
            .Append(ReportPage.head title)
            .Append(
                if recorded = "" then
                    "<p>Nothing is recorded yet.</p>\n"
                else
                    recorded
            )
            .AppendJoin("", parts)
            .Append(ReportPage.foot)
            .ToString()

    /// <summary>Writes the page, as a whole or not at all.</summary>
    /// <param name="path">The file, which may exist.</param>
    /// <exception cref="System.IO.IOException">It cannot be written.</exception>
    member this.Save(path: string) : unit =
        ArgumentException.ThrowIfNullOrEmpty(path, nameof path)
        let page = Encoding.UTF8.GetBytes(this.ToHtml())
        DurableFile.Write(path, fun stream -> stream.Write(page, 0, page.Length))
