/// Hard negatives: those that a search one by one finds.
module MetricLearning.Core.Tests.Evaluation.HardNegativeTests

open System
open Expecto
open FsCheck
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.Neighbourhoods

let private config = { Checked.config with maxTest = 60 }

let private cosineOf (one: float[]) (other: float[]) : float =
    let dot = Array.fold2 (fun sum x y -> sum + x * y) 0.0
    dot one other / sqrt (dot one one * dot other other)

/// For each row its negatives, most similar first and padded with −1, from the whole matrix.
let private byHand (rows: float[][]) (labels: int64[]) (options: HardNegativeOptions) : int64[][] =
    rows
    |> Array.mapi (fun row own ->
        let others wanted =
            [|
                for other in 0 .. rows.Length - 1 do
                    if other <> row && (labels[other] = labels[row]) = wanted then
                        cosineOf own rows[other], other
            |]

        let limit =
            [
                if options.MaxSimilarity.HasValue then
                    options.MaxSimilarity.Value
                if options.RelativeMargin.HasValue && (others true).Length > 0 then
                    let nearest = others true |> Array.map fst |> Array.max
                    nearest - options.RelativeMargin.Value * abs nearest
                infinity
            ]
            |> List.min

        let found =
            others false
            |> Array.sortBy (fun (similarity, other) -> -similarity, other)
            |> Array.truncate (options.SkipNearest + options.Count)
            |> Array.skip (min options.SkipNearest (others false).Length)
            |> Array.filter (fun (similarity, _) -> similarity <= limit)
            |> Array.map (snd >> int64)

        Array.append found (Array.create (options.Count - found.Length) -1L))

let private found (knn: CustomKNN) (rows: float[][]) (labels: int64[]) (options: HardNegativeOptions) : int64[][] =
    use _ = torch.NewDisposeScope()
    let embeddings = torch.tensor (array2D rows)

    let struct (indices, similarities) =
        NegativeSearch.find knn Processes.Alone options embeddings labels

    let indices = numbers indices |> Array.chunkBySize options.Count
    let similarities = floats similarities |> Array.chunkBySize options.Count

    for row in 0 .. rows.Length - 1 do
        (indices[row], similarities[row])
        ||> Array.iter2 (fun other similarity ->
            if other < 0L then
                Expect.equal similarity -infinity "nothing is infinitely unlike"
            else
                Expect.floatClose Accuracy.high similarity (cosineOf rows[row] rows[int other]) "the cosine")

    indices

// Labels of few classes, of very different sizes; at least two.
let private labelsOf (number: int) (count: int) : int64[] =
    let seed = Seed.ofInt64 (int64 number)

    Array.init count (fun row ->
        if row < 2 then
            int64 row - 1L
        else
            Seed.below 5L (int64 row) seed
            * Seed.below 3L (int64 row) (Seed.derive "size" 0L seed)
            - 1L)

let private optionsOf (number: int) : HardNegativeOptions =
    let draw purpose below =
        int (Seed.below below 0L (Seed.derive purpose 0L (Seed.ofInt64 (int64 number))))

    HardNegativeOptions(
        SkipNearest = draw "skipped" 4L,
        Count = 1 + draw "count" 12L,
        MaxSimilarity =
            (if draw "limited" 2L = 0 then
                 Nullable()
             else
                 Nullable(float (draw "limit" 20L) / 10.0 - 1.0)),
        RelativeMargin =
            (if draw "related" 2L = 0 then
                 Nullable()
             else
                 Nullable(float (draw "margin" 11L) / 10.0))
    )

let private searches =
    [
        for bytes in memories do
            CustomKNN(CosineSimilarity(), maxBytes = bytes)
        CustomKNN(CosineSimilarity(), batchSize = Nullable 3)
    ]

let private likeByHand (rows: float[][]) (number: int) =
    let labels, options = labelsOf number rows.Length, optionsOf number
    let expected = byHand rows labels options

    for knn in searches do
        Expect.equal (found knn rows labels options) expected $"{knn.MaxBytes} bytes"

let private rows () = random 1 12 3

let private labels = [| for row in 0L .. 11L -> row % 3L |]

let private refuses (text: string) (embeddings: Tensor) (labels: obj | null) =
    throws<ArgumentException> text (fun () -> HardNegatives.Mine(embeddings, labels).Dispose())

let tests =
    testList
        "hard negatives"
        [
            testPropertyWithConfig config "those of the whole matrix, whatever is skipped, left out, or the memory"
            <| fun (number: int) (PositiveInt count) ->
                let seed = Seed.derive "rows" 0L (Seed.ofInt64 (int64 number))
                let numbers = seed.Random()
                likeByHand (Array.init (2 + count) (fun _ -> Array.init 3 (fun _ -> numbers.NextDouble() - 0.4))) number

            testPropertyWithConfig config "equally similar ones in the order of rows"
            <| fun (number: int) (PositiveInt count) ->
                let seed = Seed.derive "rows" 1L (Seed.ofInt64 (int64 number))
                // Along the axes every cosine is −1, 0 or 1, without rounding.
                let along (row: int) =
                    let draw = int (Seed.below 24L (int64 row) seed)
                    let vector = Array.zeroCreate<float> 3
                    vector[draw % 3] <- float (if draw / 3 % 2 = 0 then 1 else -1) * float (pown 2 (draw / 6))
                    vector

                likeByHand (Array.init (2 + count) along) number

            test "many classes, one of them as large as all others" {
                let numbers = (Seed.ofInt64 8L).Random()

                let rows =
                    Array.init 400 (fun _ -> Array.init 4 (fun _ -> numbers.NextDouble() - 0.5))

                let labels = [| for row in 0L .. 399L -> if row % 2L = 0L then 0L else row |]
                let options = HardNegativeOptions(SkipNearest = 2, Count = 20)

                Expect.equal
                    (found NegativeSearch.byCosine rows labels options)
                    (byHand rows labels options)
                    "negatives"
            }

            test "without labels each row is of its own; strings are labels, too" {
                use _ = torch.NewDisposeScope()

                let own =
                    HardNegatives.Mine(rows (), [| 0L .. 11L |], HardNegativeOptions(Count = 11))

                let none = HardNegatives.Mine(rows (), null, HardNegativeOptions(Count = 11))
                Expect.equal (numbers none.Indices) (numbers own.Indices) "no labels"
                let words = labels |> Array.map (fun label -> $"class {label}")

                Expect.equal
                    (numbers (HardNegatives.Mine(rows (), words)).Indices)
                    (numbers (HardNegatives.Mine(rows (), labels)).Indices)
                    "strings"
            }

            test "of embeddings with their labels; lengths and 16 bits do not matter" {
                use _ = torch.NewDisposeScope()
                let rows, codes = rows (), torch.tensor labels
                let mined = HardNegatives.Mine(rows, labels, HardNegativeOptions(Count = 3))
                let embedded = new LabelledEmbeddings(rows, codes.unsqueeze 1L)
                let ofEmbedded = HardNegatives.Mine(embedded, HardNegativeOptions(Count = 3))
                Expect.equal (numbers ofEmbedded.Indices) (numbers mined.Indices) "the same"
                let lengths = torch.arange(1L, 13L).to_type(torch.float32).unsqueeze 1L

                let longer =
                    HardNegatives.Mine(rows * lengths, labels, HardNegativeOptions(Count = 3))

                Expect.equal (numbers longer.Indices) (numbers mined.Indices) "other lengths"
                let half = HardNegatives.Mine(rows.to_type torch.bfloat16, labels)
                Expect.equal half.Similarities.dtype torch.float32 "compared in 32 bits"
                let two = torch.stack ([| codes; codes |], 1L)

                throws<ArgumentException> "2 levels" (fun () ->
                    HardNegatives.Mine(new LabelledEmbeddings(rows, two)).Dispose())
            }

            test "what cannot be mined is refused" {
                use _ = torch.NewDisposeScope()
                refuses "All labels are the same" (rows ()) (Array.create 12 3L)
                refuses "12 embeddings and 11 labels" (rows ()) labels[..10]
                refuses "2 levels" (rows ()) (array2D [ for row in 0L .. 11L -> [ row; row % 2L ] ])
                refuses "a matrix" (rows().flatten()) labels
                let broken = rows ()
                broken[5L, 1L] <- torch.tensor nanf
                refuses "Row 5 of embeddings" broken labels

                for text, act in
                    [
                        "SkipNearest", (fun () -> HardNegativeOptions(SkipNearest = -1))
                        "Count", (fun () -> HardNegativeOptions(Count = 0))
                        "MaxSimilarity", (fun () -> HardNegativeOptions(MaxSimilarity = 1.5))
                        "RelativeMargin", (fun () -> HardNegativeOptions(RelativeMargin = -0.1))
                    ] do
                    throws<ArgumentException> text (fun () -> act () |> ignore)
            }

            testSequenced (
                test "nothing leaks" {
                    use rows = rows ()
                    let options = HardNegativeOptions(RelativeMargin = 0.1)
                    leavesNoTensors (fun () -> HardNegatives.Mine(rows, labels, options).Dispose())
                }
            )
        ]
