/// The protocol of re-identification: references of a query's class and camera are left out of its ranking.
module MetricLearning.Core.Tests.Evaluation.CameraTests

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.AccuracyCases
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.Neighbourhoods

let private ks = [ 1L; 3L; 5L ]

let private options = withRecalls ks AccuracyOptions.defaults

let private calculateIn
    options
    query
    (labels: int64[])
    (cameras: int64[])
    (reference: Tensor)
    (others: int64[])
    (otherCameras: int64[])
    isSelf
    =
    AccuracyCalculation.calculateAcross
        (torch.tensor cameras)
        (torch.tensor otherCameras)
        options
        query
        (torch.tensor labels)
        reference
        (torch.tensor others)
        isSelf

// The ranking of each query, one by one, without what its camera saw of its class; of queries that something is left for.
let private rankings
    (query: Tensor)
    (labels: int64[])
    (cameras: int64[])
    (reference: Tensor)
    (others: int64[])
    (otherCameras: int64[])
    isSelf
    =
    byHand squared query others.Length reference isSelf
    |> Array.mapi (fun row found ->
        found
        |> Array.map int
        |> Array.filter (fun place -> not (others[place] = labels[row] && otherCameras[place] = cameras[row]))
        |> Array.map (fun place -> others[place] = labels[row]))
    |> Array.filter (Array.exists id)

let private wanted (rankings: bool[][]) (k: int) : (string * float) list =
    [
        for name, meaning in meanings ->
            name,
            rankings
            |> Array.map (fun hits -> meaning (Array.truncate k hits) (hits |> Array.filter id |> Array.length))
            |> mean

        for rank in ks ->
            $"recall_at_{rank}",
            rankings
            |> Array.map (fun hits ->
                if hits |> Array.truncate (int rank) |> Array.exists id then
                    1.0
                else
                    0.0)
            |> mean
    ]

// Points on a line: a query at 0 sees references in their order.
let private line (places: float list) : Tensor =
    (torch.tensor (List.toArray places)).unsqueeze 1L

let tests =
    testList
        "cameras"
        [
            test "a ranking by hand" {
                use _ = torch.NewDisposeScope()
                // Classes and cameras of the gallery, nearest first.
                let others = [| 1L; 2L; 1L; 2L; 1L; 3L |]
                let otherCameras = [| 0L; 0L; 1L; 1L; 2L; 1L |]
                let reference = line [ 1.0; 2.0; 3.0; 4.0; 5.0; 6.0 ]
                // The first sees − + − + −, the second + − + −  −: without its own camera's. The third is alone with its camera.
                let labels, cameras = [| 1L; 2L; 3L |], [| 0L; 1L; 1L |]

                let found =
                    calculateIn options (line [ 0.0; 0.0; 0.0 ]) labels cameras reference others otherCameras false

                let first = (1.0 / 2.0 + 2.0 / 4.0) / 2.0
                // 2 at rank 2: 1, [2], 1, 1, 3.
                let second = 1.0 / 2.0
                let value name = found.Values[name].Value
                near ((first + second) / 2.0) (value "mean_average_precision") "mAP"
                near 0.0 (value "recall_at_1") "rank 1"
                near 0.0 (value "precision_at_1") "the nearest"
                near 1.0 (value "recall_at_3") "rank 3"
                near 0.5 (value "mean_reciprocal_rank") "the first"
                near ((1.0 / 2.0 + 0.0) / 2.0) (value "r_precision") "among the nearest R"
            }

            testPropertyWithConfig Checked.config "rankings one by one"
            <| fun (number: int) (codes: (byte * byte) list) ->
                use _ = torch.NewDisposeScope()
                let codes = (0uy, 0uy) :: (0uy, 1uy) :: (1uy, 0uy) :: codes
                let labels = labelled (List.map fst codes) 3
                let cameras = labelled (List.map snd codes) 3
                let query = whole number labels.Length 3
                let others, otherCameras = Array.rev labels, Array.append cameras[1..] [| 2L |]
                let reference = whole (number + 1) labels.Length 3

                for k in [ Nullable(); Nullable 4 ] do
                    let options =
                        { options with
                            K = (if k.HasValue then AnyK.op_Implicit k.Value else null)
                        }

                    let many = if k.HasValue then k.Value else Int32.MaxValue

                    let check what (reference: Tensor) others otherCameras isSelf =
                        let found =
                            calculateIn options query labels cameras reference others otherCameras isSelf

                        let hand = rankings query labels cameras reference others otherCameras isSelf

                        for name, expected in wanted hand many do
                            if name <> "r_precision" || not k.HasValue then
                                near expected found.Values[name].Value $"{name}, {what}"

                    check "a gallery" reference others otherCameras false
                    check "among each other" query labels cameras true

            testPropertyWithConfig Checked.config "a camera for each sample leaves nothing out"
            <| fun (number: int) (codes: byte list) ->
                use _ = torch.NewDisposeScope()
                let labels = labelled (1uy :: 1uy :: 2uy :: codes) 3

                let query, reference =
                    whole number labels.Length 3, whole (number + 1) labels.Length 3

                let each = [| 0L .. labels.LongLength - 1L |]
                let others = [| for camera in each -> -camera - 1L |]
                let plain = calculate options query labels reference labels false
                let found = calculateIn options query labels each reference labels others false

                for entry in plain.Values do
                    near entry.Value.Value found.Values[entry.Key].Value entry.Key

            test "several classes a sample" {
                use _ = torch.NewDisposeScope()
                let labels = TesterCases.fine
                let cameras = [| for row in 0L .. 23L -> row % 3L |]
                let query = random 1 24 6
                let plain = calculateIn options query labels cameras query labels cameras true

                let byRows =
                    { options with
                        LabelComparison = LabelComparison.AnyInCommon
                    }

                let found =
                    AccuracyCalculation.calculateAcross
                        (torch.tensor cameras)
                        null
                        byRows
                        query
                        (SeveralLabels.rowsOf (torch.tensor labels))
                        null
                        null
                        false

                for entry in plain.Values do
                    near entry.Value.Value found.Values[entry.Key].Value entry.Key
            }
        ]
