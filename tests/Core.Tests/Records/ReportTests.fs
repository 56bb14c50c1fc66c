/// A run on one page.
module MetricLearning.Core.Tests.Records.ReportTests

open System
open System.Collections.Generic
open System.IO
open System.Text.RegularExpressions
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations

let private embedded (rows: int64) : struct (Tensor * Tensor) =
    use generator = new torch.Generator(5UL)
    let embeddings = torch.rand ([| rows; 6L |], generator = generator) - 0.4.ToScalar()
    struct (embeddings, torch.arange(rows).remainder(7L.ToScalar()))

/// Every pair, one by one.
let private byHand (embeddings: Tensor) (labels: Tensor) =
    let rows = int (embeddings.size 0)
    let unit = torch.nn.functional.normalize (embeddings.to_type torch.float64, 2.0, 1L)
    let numbers = Array.chunkBySize (int (unit.size 1)) (floats (unit.flatten ()))
    let labels = Expectations.numbers labels

    [
        for one in 0 .. rows - 1 do
            for other in one + 1 .. rows - 1 do
                let squared =
                    Array.fold2 (fun sum a b -> sum + (a - b) * (a - b)) 0.0 numbers[one] numbers[other]

                labels[one] = labels[other], int64 one, int64 other, sqrt squared
    ]

let private scans =
    test "every pair is counted once, and the hardest of either kind are found" {
        use _ = torch.NewDisposeScope()
        // More rows than a tile has.
        let struct (embeddings, labels) = embedded 530L
        let scan = PairScan.ofEmbeddings 4 embeddings labels
        let pairs = byHand embeddings labels

        for same, found in [ true, scan.Positives; false, scan.Negatives ] do
            let expected = Array.zeroCreate<int64> found.Length

            for isSame, _, _, distance in pairs do
                if isSame = same then
                    let bin = int (distance * float found.Length / 2.0)
                    expected[bin] <- expected[bin] + 1L

            Expect.equal (Array.sum found) (Array.sum expected) "all of them"
            // A distance on the border of two bins may fall on either side.
            let moved =
                Array.map2 (fun one other -> abs (one - other)) found expected |> Array.sum

            Expect.isLessThanOrEqual moved 4L "in their bins"

        let named kind (found: FoundPair list) (expected: (bool * int64 * int64 * float) list) =
            Expect.equal
                [ for pair in found -> pair.One, pair.Other ]
                [ for _, one, other, _ in expected -> one, other ]
                kind

            for pair, (_, _, _, distance) in Seq.zip found expected do
                Expect.floatClose Accuracy.medium pair.Distance distance kind

        let far =
            pairs
            |> List.filter (fun (same, _, _, _) -> same)
            |> List.sortBy (fun (_, _, _, distance) -> -distance)

        let near =
            pairs
            |> List.filter (fun (same, _, _, _) -> not same)
            |> List.sortBy (fun (_, _, _, distance) -> distance)

        named "positives" scan.FarPositives (List.truncate 4 far)
        named "negatives" scan.NearNegatives (List.truncate 4 near)
    }

let private oneClass =
    test "without pairs of two classes there are none" {
        use _ = torch.NewDisposeScope()
        let struct (embeddings, _) = embedded 5L

        let scan =
            PairScan.ofEmbeddings 3 embeddings (torch.zeros (5L, dtype = torch.int64))

        Expect.equal (Array.sum scan.Positives, Array.sum scan.Negatives) (10L, 0L) "pairs"
        Expect.isEmpty scan.NearNegatives "negatives"
        Expect.hasLength scan.FarPositives 3 "positives"
    }

let private line name (values: float seq) : ChartLine =
    {
        Name = name
        Points = [| for index, value in Seq.indexed values -> struct (float index, value) |]
    }

let private places (svg: string) : int list =
    [
        for found in Regex.Matches(svg, "points=\"([^\"]*)\"") -> found.Groups[1].Value.Split(' ').Length
    ]

let private charts =
    [
        test "values that are not finite are left out" {
            let svg =
                LineChart.svg "t" "x" [ line "a" [ 1.0; nan; 2.0; infinity; 3.0 ]; line "b" [ nan; nan ] ]

            Expect.equal (places svg) [ 3 ] "points"
            Expect.isFalse (svg.Contains "NaN" || svg.Contains "Infinity") "none"
        }
        test "a long run is drawn by means of neighbours" {
            let svg = LineChart.svg "t" "x" [ line "a" (Seq.init 100_000 float) ]
            Expect.equal (places svg) [ 400 ] "points"
        }
        test "one value, equal values and no value are charts too" {
            Expect.equal (LineChart.svg "t" "x" []) "" "nothing"
            Expect.equal (LineChart.svg "t" "x" [ line "a" [ nan ] ]) "" "nothing finite"

            for values in [ [ 0.0 ]; [ 3.0; 3.0 ]; [ -1.0; -1.0 ]; [ 1e300; -1e300 ]; [ 1e-300; 2e-300 ] ] do
                let svg = LineChart.svg "t" "x" [ line "a" values ]
                Expect.isFalse (svg.Contains "NaN" || svg.Contains "Infinity") $"{values}"
        }
        test "ticks are round numbers in the range" {
            Expect.equal (Html.ticks 0.0 1.0) [ 0.0; 0.2; 0.4; 0.6000000000000001; 0.8; 1.0 ] "0 to 1"
            Expect.equal (Html.ticks 3.0 3.0) [ 3.0 ] "no range"
        }
    ]

let private filled (keeper: RecordKeeper) =
    let numbers (pairs: (string * float) list) =
        [ for name, value in pairs -> KeyValuePair(name, value) ]

    for x in 0L .. 3L do
        keeper.Append(Recording.LossHistories, x, numbers [ "total_loss", 1.0 / float (x + 1L); "<b>", 0.5 ])
        keeper.Append("trunk_optimizer_Adam", x, numbers [ "lr", 0.1; "lr_1", 0.01 ])

    let accuracies =
        AccuracyRecords(keeper, "score")
            .RecordOf("accuracies_VAL", SplitResults(1, Dictionary(dict [ "score_level0", Accuracy 0.75 ])))

    keeper.Append [ accuracies ]

let private groups =
    testCase "groups are told in the order in which they came, in memory and on disk" (fun () ->
        Folders.using (fun folder ->
            use inMemory = new RecordKeeper(Seq.empty)
            filled inMemory
            let expected = [ Recording.LossHistories; "trunk_optimizer_Adam"; "accuracies_VAL" ]
            Expect.equal (List.ofSeq inMemory.Groups) expected "memory"

            do
                use onDisk = RecordKeeper.InFolder folder
                Expect.isEmpty onDisk.Groups "a new folder"
                filled onDisk
                Expect.equal (List.ofSeq onDisk.Groups) expected "disk"

            use again = RecordKeeper.InFolder folder
            Expect.equal (List.ofSeq again.Groups) expected "opened again"))

let private page =
    testCase "the page has everything, is safe for any name and loads nothing" (fun () ->
        Folders.using (fun folder ->
            use _ = torch.NewDisposeScope()
            use keeper = new RecordKeeper(Seq.empty)
            filled keeper
            let report = RunReport(keeper, Title = "<script>alert(1)</script>")
            let struct (embeddings, labels) = embedded 30L
            let picture = Path.Combine(folder, "one.png")
            File.WriteAllBytes(picture, [| 1uy; 2uy; 3uy |])

            report.AddEmbeddings(
                "validation & more",
                new LabelledEmbeddings(embeddings, labels.unsqueeze 1L),
                describe = (fun row -> $"<i>{row}"),
                pictureOf = (fun _ -> picture),
                hardest = 3
            )

            report.Save(Path.Combine(folder, "page.html"))
            let html = File.ReadAllText(Path.Combine(folder, "page.html"))
            Expect.equal html (report.ToHtml()) "what is written"

            for wanted in
                [
                    "Losses"
                    "Learning rates"
                    "trunk_optimizer_Adam lr_1"
                    "score_level0"
                    "validation &amp; more"
                    "&lt;script&gt;"
                    "&lt;i&gt;"
                    "&lt;b&gt;"
                    "data:image/png;base64,AQID"
                    "farthest apart"
                    "that lie nearest"
                ] do
                Expect.stringContains html wanted "the page"

            for unwanted in [ "<script"; "<i>0"; "<b>\""; "http://"; "https://"; "best_epoch"; "NaN" ] do
                Expect.isFalse (html.Contains unwanted) unwanted

            Expect.equal (Regex.Matches(html, "r=\"3\"").Count) 30 "dots of the map"
            Expect.equal (Regex.Matches(html, "<img ").Count) 12 "pictures of the pairs"))

let private refusals =
    test "what cannot be shown is refused by name" {
        use _ = torch.NewDisposeScope()
        use keeper = new RecordKeeper(Seq.empty)
        let report = RunReport keeper
        let struct (embeddings, labels) = embedded 8L

        let given (embeddings: Tensor) =
            new LabelledEmbeddings(embeddings, labels.narrow(0L, 0L, embeddings.size 0).unsqueeze 1L)

        Expect.stringContains (report.ToHtml()) "Nothing is recorded yet" "empty"

        throws<ArgumentException> "at least two" (fun () ->
            report.AddEmbeddings("a", given (embeddings.narrow (0L, 0L, 1L))))

        throws<ArgumentOutOfRangeException> "levels" (fun () -> report.AddEmbeddings("a", given embeddings, level = 1))

        throws<ArgumentOutOfRangeException> "below 0" (fun () ->
            report.AddEmbeddings("a", given embeddings, hardest = -1))

        throws<ArgumentException> "unsqueeze(1)" (fun () -> (new LabelledEmbeddings(embeddings, labels)).Dispose())

        let broken = embeddings.clone ()
        broken[3L, 1L] <- torch.tensor nan
        throws<ArgumentException> "Row 3" (fun () -> report.AddEmbeddings("a", given broken))
    }

let tests =
    testList "report" [ scans; oneClass; testList "charts" charts; groups; page; refusals ]
