/// Negative controls: with a part of the exchange left out or done otherwise, law 11 is seen to fail.
module MetricLearning.ProcessTests.Controls

open System
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support

// The real processes, but for what is done otherwise.
type private Otherwise(inner: Collective, sum: torch.Tensor -> unit, gather: torch.Tensor -> int64[] -> torch.Tensor) =
    inherit Collective()
    override _.Rank = inner.Rank
    override _.Count = inner.Count
    override _.LocalRank = inner.LocalRank
    override _.LocalCount = inner.LocalCount
    override _.Library = inner.Library

    override _.WaitLimit
        with get () = inner.WaitLimit
        and set value = inner.WaitLimit <- value

    override _.Exchange numbers = inner.Exchange numbers
    override _.Broadcast(root, tensor) = inner.Broadcast(root, tensor)
    override _.Sum tensor = sum tensor
    override _.Gather(tensor, rows) = gather tensor rows

let private isFloating (tensor: torch.Tensor) = torch.is_floating_point tensor.dtype

// Losses that have a part in each gradient: of pairs, with class weights, with a memory.
let private cases =
    Cases.all
    |> List.filter (fun case ->
        case.Name = "micro-batches"
        || case.Name = "small batches, with proxies"
        || case.Name = "samples one by one")

let private breaksLaw (processes: Processes) (case: Case) (sum, gather) : bool =
    let trained (processes: Processes | null) =
        use session = Cases.start processes case
        Trace.upTo 5L session

    let alone = trained null

    let isBroken =
        try
            let found = trained (Processes(Otherwise(processes.Collective, sum, gather)))
            Trace.ofWeights alone found > 1e-6 || not (Trace.areSame processes found)
        with :? InvalidOperationException ->
            // Losses that differ are refused in all processes.
            true

    // In any of the processes.
    processes.Collective.Exchange [| (if isBroken then 1L else 0L) |]
    |> Array.exists ((=) [| 1L |])

let run (processes: Processes) : unit =
    let inner = processes.Collective
    let sum (tensor: torch.Tensor) = inner.Sum tensor
    let gather tensor rows = inner.Gather(tensor, rows)

    // Embeddings alone, not labels.
    let rotated (tensor: torch.Tensor) (rows: int64[]) =
        let all = gather tensor rows
        if isFloating all then all.roll (rows[0], 0L) else all

    let mean (tensor: torch.Tensor) =
        sum tensor

        if isFloating tensor then
            tensor.div_ (Numeric.whole (int64 inner.Count)) |> ignore

    let none (tensor: torch.Tensor) =
        if not (isFloating tensor) then
            sum tensor

    for case in cases do
        let fails name otherwise =
            Checks.check processes $"{name} is noticed: {case.Name}" (breaksLaw processes case otherwise) "unnoticed"

        Checks.check
            processes
            $"nothing otherwise, nothing noticed: {case.Name}"
            (not (breaksLaw processes case (sum, gather)))
            "a difference"

        fails "a mean instead of a sum" (mean, gather)
        fails "no sum" (none, gather)
        fails "the neighbour's rows" (sum, rotated)
