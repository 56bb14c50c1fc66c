/// What fails in one process fails in all, at the same state, and that state can be trained on.
module MetricLearning.ProcessTests.Failing

open System
open System.Threading
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support

/// Something that goes wrong in one process, which is armed at an iteration.
type private Mishap =
    {
        Name: string
        /// What all processes raise.
        Raises: exn -> bool
        /// What the message of the others tells.
        Tells: string
        /// In the process that it happens to.
        Arm: Trap -> CancellationTokenSource -> unit
    }

let private before = 3L
let private after = 6L

let private settings: Settings =
    { Settings.rich with
        Float64 = true
        BatchNorm = false
        Dropout = false
        Loss = 7
        Miner = 1
        Clip = true
        AsSamples = true
        IterationsPerEpoch = None
    }

let private at (place: Place) : Mishap =
    {
        Name = $"an exception in {place}"
        Raises = fun error -> error :? InvalidOperationException
        Tells = "something broke"
        Arm =
            fun trap _ ->
                trap.OnVisit <-
                    fun visited ->
                        if visited = place then
                            invalidOp "something broke"
    }

let private mishaps: Mishap list =
    [
        for place in
            [
                Place.Sample
                Place.Collate
                Place.Getter
                Place.Forward
                Place.Embedder
                Place.Miner
                Place.Clipper
            ] do
            at place
        { at Place.Forward with
            Name = "an exception of the user's own type"
            Raises = fun error -> error :? TimeoutException || error :? ProcessException
            Arm =
                fun trap _ ->
                    trap.OnVisit <-
                        fun visited ->
                            if visited = Place.Forward then
                                raise (TimeoutException "something broke")
        }
        {
            Name = "embeddings that are not finite"
            Raises = fun error -> error :? NotFiniteNumberException
            Tells = "not finite"
            Arm = fun trap _ -> trap.Scale <- nan
        }
        {
            Name = "cancellation"
            Raises = fun error -> error :? OperationCanceledException
            Tells = "was cancelled"
            Arm = fun _ source -> source.Cancel()
        }
    ]

let private start (processes: Processes) (trap: Trap) : Session =
    RunOptions(Subject.metricLossOnly.Options settings trap, Processes = processes)
    |> Setup.prepare Subject.metricLossOnly.Recipe
    |> Session.Start

let private raised (act: unit -> unit) : exn option =
    try
        act ()
        None
    with error ->
        Some error

let private suffer (processes: Processes) (whole: Trace) (unlucky: int) (mishap: Mishap) =
    let check what =
        Checks.check processes $"{what} of {mishap.Name}, process {unlucky + 1}"

    let trap = Trap()
    use source = new CancellationTokenSource()
    use session = start processes trap
    Trace.upTo before session |> ignore
    let known = Trace.now session

    if processes.Rank = unlucky then
        mishap.Arm trap source

    let error =
        raised (fun () -> session.Train(None, Int32.MaxValue, source.Token) |> Seq.iter ignore)

    match error with
    | Some error ->
        check "exception" (mishap.Raises error) $"{error}"
        let message = error.Message

        // A number that is not finite may reach every process, which then says so itself.
        if processes.Rank <> unlucky && not (error :? NotFiniteNumberException) then
            check
                "message"
                (message.Contains $"Process {unlucky + 1} of {processes.Count}"
                 && message.Contains mishap.Tells)
                message
    | None -> check "exception" false "nothing raised"

    let now = Trace.now session
    // Training takes its schedules' and stops' numbers along; weights, slots and counts are those of before.
    check "the state" (Trace.ofWeights known now = 0.0 && session.Progress.Steps = before) $"{session.Progress.Steps}"
    check "one state in all" (Trace.areSame processes now) "other bits"

    // The trap is gone, and training goes on as if nothing had been.
    trap.OnVisit <- ignore
    trap.Scale <- 1.0
    let found = Trace.upTo after session
    check "going on" (Trace.ofWeights whole found = 0.0) $"{Trace.ofWeights whole found}"

// Hooks and files are one process's own.
let private betweenIterations (processes: Processes) =
    let check = Checks.check processes

    let failing () =
        use session = start processes (Trap())

        for _ in session.Train(None, 2, CancellationToken.None) do
            session.Together(fun () ->
                if not processes.IsFirst then
                    invalidOp "a hook broke")

    match raised failing with
    | Some error -> check "a hook of one process" (error.Message.Contains "a hook broke") error.Message
    | None -> check "a hook of one process" false "nothing raised"

    let saving () =
        use session = start processes (Trap())
        session.Checkpoints <- CheckpointOptions(Folder = "/dev/null/nowhere", EveryIterations = 2)
        session.Train(None, 5, CancellationToken.None) |> Seq.iter ignore

    match raised saving with
    | Some error when processes.IsFirst ->
        check "a checkpoint that cannot be written" (error :? IO.IOException) $"{error}"
    | Some error -> check "a checkpoint that cannot be written" (error :? ProcessException) $"{error}"
    | None -> check "a checkpoint that cannot be written" false "nothing raised"

// What the first process decides, all do; what should be the same and is not, is refused.
let private decisions (processes: Processes) =
    let check = Checks.check processes
    use session = start processes (Trap())

    for event in session.Train(None, 5, CancellationToken.None) do
        if
            event = Event.EpochEnded
            && session.Progress.Epoch = (if processes.IsFirst then 2 else 1)
        then
            session.Stop()

    Checks.equal processes "the first stops training" session.Progress.Epoch 2
    Checks.equal processes "for the same reason" session.Progress.Stopped (Some StopReason.Hook)

    let differing change () =
        let options = Subject.metricLossOnly.Options settings (Trap())
        options.Processes <- processes

        if not processes.IsFirst then
            change options

        use session = Session.Start(Setup.prepare Subject.metricLossOnly.Recipe options)
        session.Train(None, 1, CancellationToken.None) |> Seq.iter ignore

    let refused name (words: string) change =
        match raised (differing change) with
        | Some error -> check name (error.Message.Contains words) error.Message
        | None -> check name false "nothing raised"

    refused "another size of batches" "BatchSize" (fun options -> options.BatchSize <- 6)
    refused "another network" "different parameters" (fun options -> options.Models.Embedder <- torch.nn.Linear(5L, 4L))
    refused "a mistake in one process" "BatchSize" (fun options -> options.BatchSize <- -1)

    // The order of the first counts.
    let samplers () =
        let options = Subject.metricLossOnly.Options settings (Trap())
        options.Processes <- processes
        let shift = int64 processes.Rank
        options.Sampler <- AnySampler.Indices(seq { for index in 0L .. 39L -> (index * 7L + shift) % 40L })
        use session = Session.Start(Setup.prepare Subject.metricLossOnly.Recipe options)
        let trace = Trace.upTo 4L session
        check "the order of the first process" (Trace.areSame processes trace) "other bits"

    samplers ()

let run (processes: Processes) : unit =
    let whole =
        use session = start processes (Trap())
        Trace.upTo after session

    for mishap in mishaps do
        for unlucky in List.distinct [ 0; processes.Count - 1 ] do
            suffer processes whole unlucky mishap

    betweenIterations processes
    decisions processes
