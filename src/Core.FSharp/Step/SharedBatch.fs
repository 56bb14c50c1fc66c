namespace MetricLearning.Core

open System
open TorchSharp
open MetricLearning

/// A batch as it was read: by one process, or each of several its rows.
[<ReferenceEquality>]
type internal SharedBatch =
    {
        /// The rows of this process.
        Own: Batch
        /// The number of rows of each process.
        Rows: int64[]
        /// The labels of the whole batch, on the CPU where it was made.
        Labels: torch.Tensor
    }

    /// The own rows are left alone.
    member batch.Dispose() : unit =
        if not (obj.ReferenceEquals(batch.Labels, batch.Own.Labels)) then
            batch.Labels.Dispose()

    interface IDisposable with
        member batch.Dispose() = batch.Dispose()

/// Meeting with a batch.
module internal SharedBatch =

    let private alone (own: Batch) : SharedBatch =
        {
            Own = own
            Rows = [| own.Labels.size 0 |]
            Labels = own.Labels
        }

    let private differences =
        [
            "stand at different iterations. Let all go on from the same checkpoint or state."
            "are to train on different samples. Let a sampler or order of data of your own give the same in every process: by the seed that it is given, not by chance of its own."
            "have different learning rates, loss weights or seeds. Change them alike in every process."
        ]

    let private fingerprint (progress: Progress) (rates: Map<string, float[]>) : int64 =
        Fingerprint.ofNumbers
            [|
                Seed.toInt64 progress.Seed
                Fingerprint.ofTable rates
                progress.LossWeights
                |> Map.map (fun _ weight -> [| weight |])
                |> Fingerprint.ofTable
            |]

    // Where a process has no rows, it does not know how many levels the labels have.
    let private levels (own: Batch) : int64 =
        if own.Labels.dim () > 1L then own.Labels.size 1 else 0L

    let private labels (processes: Processes) (own: Batch) (rows: int64[]) (levels: int64) : torch.Tensor =
        use shaped =
            if levels > 0L && own.Labels.dim () = 1L then
                own.Labels.reshape (0L, levels)
            else
                own.Labels.alias ()

        (processes.Collective.Gather(shaped, rows)).DetachFromDisposeScope()

    /// The batch of the next iteration, of which this process has read its rows; the samples are those of all rows.
    /// Raises InvalidOperationException when processes do not stand at the same place of the same run.
    let meet (processes: Processes) (progress: Progress) rates (own: Batch) (samples: int64[]) : SharedBatch =
        if processes.Count = 1 then
            alone own
        else
            let told =
                processes.Meeting.Agree(
                    Occasion.Batch,
                    [|
                        progress.Steps
                        Fingerprint.ofNumbers samples
                        fingerprint progress rates
                        own.Labels.size 0
                        levels own
                    |],
                    differences
                )

            let rows = told |> Array.map (fun numbers -> numbers[3])
            let levels = told |> Array.map (fun numbers -> numbers[4]) |> Array.max

            {
                Own = own
                Rows = rows
                Labels = labels processes own rows levels
            }
