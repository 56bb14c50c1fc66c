/// What processes do together, against what each can compute by itself.
module MetricLearning.ProcessTests.Collectives

open System
open TorchSharp
open MetricLearning
open MetricLearning.Core

let private dtypes =
    [ torch.float32; torch.float64; torch.int64; torch.float16; torch.bfloat16 ]

// The tensor of a rank: whole numbers, so that sums are exact in any dtype.
let private ofRank (dtype: torch.ScalarType) (rows: int64) (rank: int) : torch.Tensor =
    torch.tensor([| for number in 1L .. rows * 3L -> number + int64 rank |]).reshape(rows, 3L).to_type dtype

let private same (left: torch.Tensor) (right: torch.Tensor) =
    left.shape = right.shape
    && left.dtype = right.dtype
    && left.equal(right).all().item<bool>()

// Every second column, which does not lie side by side, and rows in the middle, which do.
let private views =
    [
        "a whole tensor", (fun (tensor: torch.Tensor) -> tensor)
        "rows in the middle", (fun tensor -> tensor.narrow (0L, 1L, 3L))
        "columns", (fun tensor -> tensor.narrow (1L, 0L, 2L))
    ]

let private ofDtype (processes: Processes) (dtype: torch.ScalarType) =
    let all = processes.Collective
    let ranks = [ 0 .. processes.Count - 1 ]
    let check = Checks.check processes

    for name, view in views do
        use _ = torch.NewDisposeScope()
        let found = ofRank dtype 5L processes.Rank
        all.Sum(view found)

        let wanted = ofRank dtype 5L processes.Rank

        let sum =
            ranks
            |> List.map (ofRank dtype 5L)
            |> List.reduce (fun left right -> left + right)

        (view wanted).copy_(view sum) |> ignore
        check $"sum of {dtype}, {name}" (same found wanted) $"{found.ToString TensorStringStyle.Julia}"

        for root in ranks do
            let found = ofRank dtype 5L processes.Rank
            all.Broadcast(root, view found)
            let wanted = ofRank dtype 5L processes.Rank
            (view wanted).copy_(view (ofRank dtype 5L root)) |> ignore
            check $"broadcast of {dtype}, {name}" (same found wanted) $"{found.ToString TensorStringStyle.Julia}"

    // Process r has r rows, so the first has none.
    use _ = torch.NewDisposeScope()
    let rows = [| for rank in ranks -> int64 rank |]
    let found = all.Gather(ofRank dtype rows[processes.Rank] processes.Rank, rows)

    let wanted = torch.cat ([| for rank in ranks -> ofRank dtype rows[rank] rank |], 0L)

    check $"gathered rows of {dtype}" (same found wanted) $"{found.ToString TensorStringStyle.Julia}"

let private raised<'Error when 'Error :> exn> (act: unit -> unit) : 'Error option =
    try
        act ()
        None
    with :? 'Error as error ->
        Some error

let private meetings (processes: Processes) =
    let meeting = processes.Meeting
    let last = processes.Count - 1
    let check = Checks.check processes

    let told = meeting.Meet(Occasion.Batch, [| int64 processes.Rank |])
    Checks.equal processes "all hear all" told [| for rank in 0..last -> [| int64 rank |] |]

    // The last process fails before the others' second meeting.
    let failing () =
        meeting.Together(fun () ->
            meeting.Meet(Occasion.Batch, [||]) |> ignore

            if processes.Rank = last then
                invalidOp "a broken sample"

            meeting.Meet(Occasion.Rows, [||]) |> ignore)

    match raised<InvalidOperationException> failing with
    | Some error when processes.Rank = last -> Checks.equal processes "one's own error" error.Message "a broken sample"
    | Some(:? ProcessException as error) ->
        Checks.equal
            processes
            "another's error"
            (error.Rank, error.Message)
            (last, $"Process {last + 1} of {last + 1} failed: a broken sample")
    | other -> check "a failure is everybody's" false $"{other}"

    // They go on together.
    let told = meeting.Meet(Occasion.Batch, [| 5L |])
    check "after a failure" (told |> Array.forall ((=) [| 5L |])) $"{told}"

    let parting () =
        meeting.Meet(
            (if processes.IsFirst then
                 Occasion.Embeddings
             else
                 Occasion.Training),
            [||]
        )
        |> ignore

    match raised<InvalidOperationException> parting with
    | Some error ->
        check
            "processes that part"
            (error.Message.Contains "process 1 of"
             && error.Message.Contains "embeds a data set"
             && error.Message.Contains "is about to begin an iteration")
            error.Message
    | None -> check "processes that part" false "nothing raised"

    let cancelled () =
        meeting.Together(fun () ->
            if processes.IsFirst then
                raise (OperationCanceledException())

            meeting.Meet(Occasion.Rows, [||]) |> ignore)

    check "cancellation is everybody's" (raised<OperationCanceledException> cancelled).IsSome "nothing raised"

    // Both fail: each with its own error, and nobody waits.
    let both () =
        meeting.Together(fun () -> invalidOp $"of {processes.Rank}")

    match raised<InvalidOperationException> both with
    | Some error -> Checks.equal processes "all fail" error.Message $"of {processes.Rank}"
    | None -> check "all fail" false "nothing raised"

// A NullReferenceException must stay one, whatever MPI does with signals.
let private faults (processes: Processes) =
    let fault () =
        let none: string = Unchecked.defaultof<string>
        Console.Out.Write(none.Length)

    Checks.check
        processes
        "faults of memory are exceptions"
        (raised<NullReferenceException> fault).IsSome
        "no exception"

let run (processes: Processes) : unit =
    Checks.check processes "the library" (not (isNull processes.Library)) "no library"
    Checks.equal processes "the same object" (obj.ReferenceEquals(processes, Processes.Join())) true
    Checks.equal processes "one machine" (processes.LocalRank, processes.LocalCount) (processes.Rank, processes.Count)

    for dtype in dtypes do
        ofDtype processes dtype

    meetings processes
    faults processes
