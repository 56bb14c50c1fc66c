/// The same labels, written in several ways.
module internal MetricLearning.Core.Tests.Support.LabelWritings

open System
open MetricLearning
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Neighbourhoods

/// Data sets with two levels of labels, of which some are in one of them only.
type Split =
    {
        Name: string
        Inputs: Tensor[]
        Labels: int64[][]
    }

/// How labels are written.
type Writing =
    {
        What: string
        Write: Split -> TrainingData
        DatasetLabels: obj | null
        ToZero: bool
        /// From the label of a class to the label as it is written.
        NameOf: int64 -> string
    }

let splits (streams: int) (seed: int) : Split list =
    let random = Random seed

    [
        for number, name in List.indexed [ "gallery"; "val"; "more" ] do
            let rows = 14 + 3 * number

            {
                Name = name
                Inputs =
                    [|
                        for stream in 0 .. streams - 1 -> Neighbourhoods.random (seed + 10 * number + stream) rows 3
                    |]
                Labels =
                    [|
                        for _ in 1..rows do
                            let label = int64 (random.Next(number, 5 + number))
                            [| label; label % 2L |]
                    |]
            }
    ]

let tensors (label: int64 -> obj) (split: Split) =
    TrainingData.FromTensors(split.Inputs, [| for row in split.Labels -> Array.map label row |])

let samples (label: int64 -> obj) (split: Split) =
    TrainingData.FromSamples(
        split.Labels.LongLength,
        fun index _ ->
            [|
                for input in split.Inputs do
                    input[index] :> obj
                Array.map label split.Labels[int index]
            |]
    )

// A one-to-one map that keeps no order.
let word (label: int64) =
    $"{char (int 'z' - int (label * 5L % 13L))}{label}"

let number (label: int64) = label * 7L % 23L - 5L

let words (label: int64) : obj = word label

let numbered (label: int64) : obj = number label

let all (label: int64 -> obj) : obj =
    [| for first in 0L .. 8L -> [| label first; label (first % 2L) |] |]

let writings: Writing list =
    let by what write datasetLabels toZero nameOf =
        {
            What = what
            Write = write
            DatasetLabels = datasetLabels
            ToZero = toZero
            NameOf = nameOf
        }

    [
        by "other integers" (tensors numbered) null false (number >> string)
        by "strings" (tensors words) null false word
        by "samples with strings" (samples words) null false word
        by "strings of the data set" (tensors words) (all words) false word
        by "samples with strings of the data set" (samples words) (all words) true word
        by "ranks" (tensors numbered) (all numbered) true (number >> string)
    ]

let written =
    {
        What = "integers"
        Write = tensors (fun label -> label)
        DatasetLabels = null
        ToZero = false
        NameOf = string
    }
