/// Processes that are threads.
module MetricLearning.Core.Tests.Support.ThreadProcesses

open System
open System.Threading
open System.Threading.Tasks
open TorchSharp
open MetricLearning
open MetricLearning.Core

/// Only a test that fails waits so long.
let private patience = TimeSpan.FromMinutes 1.0

/// A thread that meets others at a barrier.
type private ThreadCollective(rank: int, slots: (obj | null)[], barrier: Barrier) =
    inherit Collective()

    let wait () =
        if not (barrier.SignalAndWait patience) then
            invalidOp "The others do not come."

    // What is made of that of all; nothing of it is freed before all have done so.
    let together (own: 'T) (make: 'T[] -> 'U) : 'U =
        slots[rank] <- box own
        wait ()
        let made = make (slots |> Array.map unbox<'T>)
        wait ()
        made

    override _.Rank = rank
    override _.Count = slots.Length
    override _.LocalRank = rank
    override _.LocalCount = slots.Length
    override _.Library = null
    override val WaitLimit = TimeSpan.FromMinutes 1.0 with get, set

    override _.Exchange numbers = together numbers Array.copy

    override _.Broadcast(root, tensor) =
        use own = tensor.detach().clone()

        together own (fun all ->
            use _ = torch.no_grad ()
            tensor.copy_ all[root] |> ignore)

    override _.Sum tensor =
        use own = tensor.detach().clone()

        together own (fun all ->
            use _ = torch.no_grad ()
            tensor.zero_ () |> ignore

            for other in all do
                tensor.add_ other |> ignore)

    override _.Gather(tensor, _) =
        together (tensor.detach ()) (fun all -> torch.cat (all, 0L))

/// What each of so many processes makes of it, in the order of their ranks.
let asProcesses (count: int) (act: Processes -> 'T) : 'T list =
    let slots: (obj | null)[] = Array.zeroCreate count
    use barrier = new Barrier(count)

    [
        for rank in 0 .. count - 1 ->
            Task.Factory.StartNew(
                (fun () -> act (Processes(ThreadCollective(rank, slots, barrier)))),
                TaskCreationOptions.LongRunning
            )
    ]
    |> List.map _.Result
