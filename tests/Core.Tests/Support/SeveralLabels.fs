/// Rows of classes in the place of one label a sample.
module MetricLearning.Core.Tests.Support.SeveralLabels

open System
open TorchSharp
open MetricLearning
open MetricLearning.Core.Tests.Support.RandomBatches

/// Rows with their columns in another order.
let reordered (rows: torch.Tensor) : torch.Tensor =
    let columns = rows.size 1
    rows.index_select (1L, vector [ for column in 0L .. columns - 1L -> (column * 3L + 2L) % columns ])

/// The one class of each sample, of five, as a row.
let rowsOf (labels: torch.Tensor) : torch.Tensor =
    reordered (torch.nn.functional.one_hot (labels, 5L))

/// Twelve samples of up to three of five classes, one of them without any.
let several () : torch.Tensor =
    let codes =
        [|
            0b00001
            0b00011
            0b00110
            0b01000
            0b00000
            0b11000
            0b00100
            0b10101
            0b00010
            0b01001
            0b10000
            0b00011
        |]

    torch.tensor (Array2D.init codes.Length 5 (fun row column -> int64 ((codes[row] >>> column) &&& 1)))

/// The classes of every loss by name, comparing in a way; `columns` of labels, null for one label a sample. What a loss refuses is
/// thrown when it is made.
let losses (comparison: LabelComparison) (columns: Nullable<int>) : (string * (unit -> Loss)) list =
    [
        for name, make in EveryPart.losses do
            name,
            match name with
            | "CrossBatchMemory" ->
                fun () ->
                    new CrossBatchMemory(
                        new ContrastiveLoss(LabelComparison = comparison),
                        5,
                        memorySize = 40,
                        labelColumns = columns
                    )
                    :> Loss
            | "MultipleLosses" ->
                fun () ->
                    new MultipleLosses(
                        [
                            new ContrastiveLoss(LabelComparison = comparison) :> Loss
                            new TripletMarginLoss(LabelComparison = comparison)
                        ]
                    )
            // With a boundary for each class it needs classes.
            | "MarginLoss" -> fun () -> new MarginLoss(learnBeta = true, nu = 0.1, LabelComparison = comparison)
            | _ ->
                fun () ->
                    let loss = make ()
                    loss.LabelComparison <- comparison
                    loss
    ]

/// The classes of losses that know classes, or take no labels.
let refusing =
    set
        [
            "ArcFaceLoss"
            "CosFaceLoss"
            "InstanceLoss"
            "LargeMarginSoftmaxLoss"
            "ManifoldLoss"
            "NPairsLoss"
            "NormalizedSoftmaxLoss"
            "P2SGradLoss"
            "ProxyAnchorLoss"
            "ProxyNCALoss"
            "SelfSupervisedLoss"
            "SoftTripleLoss"
            "SphereFaceLoss"
            "SubCenterArcFaceLoss"
            "VICRegLoss"
        ]

/// Those that compare in any way.
let comparing (comparison: LabelComparison) (columns: Nullable<int>) : (string * (unit -> Loss)) list =
    losses comparison columns
    |> List.filter (fun (name, _) -> not (refusing.Contains name))

/// The miners, comparing in a way.
let miners (comparison: LabelComparison) : (string * (unit -> Miner)) list =
    [
        for name, make in EveryPart.miners do
            name,
            fun () ->
                let miner = make ()
                miner.LabelComparison <- comparison
                miner
    ]

/// The indices of tuples.
let indices (tuples: Tuples) : int64[] list =
    match tuples with
    | Tuples.All -> []
    | Tuples.Pairs(a1, p, a2, n) -> List.map Expectations.numbers [ a1; p; a2; n ]
    | Tuples.Triplets(a, p, n) -> List.map Expectations.numbers [ a; p; n ]

/// What a loss makes of two batches, one after the other: values, and gradients of embeddings, references and what it learns.
let outcome
    (make: unit -> Loss)
    (labels: torch.Tensor)
    (tuples: Tuples)
    (references: (torch.Tensor * torch.Tensor) option)
    : float[] list =
    using make (fun loss ->
        [
            for number in 1..2 do
                let rows = (embeddings number (int (labels.size 0))).requires_grad_ true

                let others, otherLabels: (torch.Tensor | null) * (torch.Tensor | null) =
                    match references with
                    | None -> null, null
                    | Some(others, labels) -> others.detach().requires_grad_ true, labels

                let value = loss.Compute(rows, labels, tuples, others, otherLabels, seed)
                (value + rows.sum () * 0.5).backward()
                Expectations.floats value
                Expectations.floats (gradient rows)

                match others with
                | null -> ()
                | given -> Expectations.floats (gradient given)

                for parameter in loss.parameters () do
                    Expectations.floats (gradient parameter)
        ])
