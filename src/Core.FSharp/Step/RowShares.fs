namespace MetricLearning.Core

open TorchSharp
open MetricLearning

/// The shares of all processes in the batch that is trained on.
[<ReferenceEquality>]
type internal RowShares =
    {
        /// The number of rows of each process.
        Rows: int64[]
        /// The labels of all rows, in the order of the batch, on the device.
        Labels: torch.Tensor
        /// For each row of the batch, its place among those of all processes one after the other; null where that is the order.
        Places: torch.Tensor | null
    }

/// Who has which rows.
module internal RowShares =

    /// All rows are in one process.
    let whole (labels: torch.Tensor) : RowShares =
        {
            Rows = [| labels.size 0 |]
            Labels = labels
            Places = null
        }

    /// Those of a batch as it was read, which was brought to the device.
    let ofBatch (batch: SharedBatch) (placed: Batch) : RowShares =
        if batch.Rows.Length = 1 then
            whole placed.Labels
        else
            {
                Rows = batch.Rows
                Labels = batch.Labels.``to`` placed.Labels.device
                Places = null
            }

    /// The rows that are chosen of a batch in which processes have theirs one after the other: those of this process, by their
    /// place among its own, and how all chosen ones make a batch in the order in which they were chosen.
    let choose (rank: int) (rows: int64[]) (labels: torch.Tensor) (chosen: int64[]) : struct (int64[] * RowShares) =
        let starts = Array.scan (+) 0L rows

        let owner (row: int64) =
            Array.findIndexBack (fun start -> start <= row) starts[.. rows.Length - 1]

        let owners = Array.map owner chosen

        let own =
            [|
                for row, owner in Array.zip chosen owners do
                    if owner = rank then
                        row - starts[rank]
            |]

        // Equal owners keep the order in which their rows were chosen.
        let byOwner =
            [| 0 .. chosen.Length - 1 |]
            |> Array.sortBy (fun index -> struct (owners[index], index))

        let places: int64[] = Array.zeroCreate chosen.Length
        byOwner |> Array.iteri (fun place index -> places[index] <- int64 place)

        own,
        {
            Rows =
                [|
                    for number in 0 .. rows.Length - 1 ->
                        owners |> Array.sumBy (fun owner -> if owner = number then 1L else 0L)
                |]
            Labels = labels
            Places = torch.tensor (places, device = labels.device)
        }
