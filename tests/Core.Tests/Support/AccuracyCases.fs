/// Accuracies, calculated and by hand.
module internal MetricLearning.Core.Tests.Support.AccuracyCases

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core.Tests.Support.Neighbourhoods

let withRecalls (ks: int64 list) (options: AccuracyOptions) =
    { options with
        Metrics =
            [|
                yield! RetrievalMetric.documented
                yield! List.map RetrievalMetric.recallAt ks
            |]
        NMI = false
        AMI = false
    }

let neighbours = withRecalls [ 1L; 3L ] AccuracyOptions.defaults

let only (metrics: RetrievalMetric list) =
    { neighbours with
        Metrics = Array.ofList metrics
    }

let labelled (values: byte list) (kinds: int) : int64[] =
    [| for value in values -> int64 value % int64 kinds |]

let calculate options (query: Tensor) (labels: int64[]) reference (referenceLabels: int64[] | null) isSelf =
    let referenceLabels: Tensor | null =
        match referenceLabels with
        | null -> null
        | given -> torch.tensor given

    AccuracyCalculation.calculate options query (torch.tensor labels) reference referenceLabels isSelf

let self options (query: Tensor) (labels: int64[]) =
    calculate options query labels null null false

// Each metric of one query from its hits in order and R, as the documentation defines it.
let meanings: (string * (bool[] -> int -> float)) list =
    let at (count: int) (hits: bool[]) =
        float (hits |> Array.truncate count |> Array.filter id |> Array.length)

    let averagePrecision (hits: bool[]) (r: int) =
        hits
        |> Array.mapi (fun place hit -> if hit then at (place + 1) hits / float (place + 1) else 0.0)
        |> Array.sum
        |> fun sum -> sum / float r

    [
        "precision_at_1", fun hits _ -> at 1 hits
        "r_precision", fun hits r -> at r hits / float (min r hits.Length)
        "mean_average_precision", averagePrecision
        "mean_average_precision_at_r", fun hits r -> averagePrecision (Array.truncate r hits) r
        "mean_reciprocal_rank",
        fun hits _ ->
            match Array.tryFindIndex id hits with
            | Some place -> 1.0 / float (place + 1)
            | None -> 0.0
    ]

let near (expected: float) (actual: float) (what: string) =
    Expect.isTrue
        (abs (actual - expected) < 1e-12
         || (Double.IsNaN expected && Double.IsNaN actual))
        $"{what}: {actual}, not {expected}"

let mean (values: float[]) =
    if values.Length = 0 then nan else Array.average values

// Class, hits in order, and R, of queries that are not lone.
let hitsOf (query: Tensor) (labels: int64[]) (reference: Tensor) (others: int64[]) (isSelf: bool) (k: int) =
    byHand squared query k reference isSelf
    |> Array.mapi (fun row found ->
        let relevant = others |> Array.filter ((=) labels[row]) |> Array.length

        labels[row],
        found |> Array.map (fun place -> others[int place] = labels[row]),
        (if isSelf then relevant - 1 else relevant))
    |> Array.filter (fun (_, _, relevant) -> relevant > 0)
