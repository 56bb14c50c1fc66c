/// Law 11 over processes: any number of them takes the steps of one.
module MetricLearning.ProcessTests.Law

open System
open MetricLearning
open MetricLearning.Core

let private iterations = 20L

// Batch norm of three rows or so multiplies what rounding leaves, from iteration to iteration.
let private iterationsOfShares = 2L
let private tolerance = 1e-9

let private trained (iterations: int64) (processes: Processes | null) (case: Case) : Trace =
    use session = Cases.start processes case
    Trace.upTo iterations session

let private compare (processes: Processes) (case: Case) =
    let alone = trained iterations null case
    let shared = trained iterations processes case

    let check what =
        Checks.check processes $"{what}: {case.Name}"

    let weights, losses, buffers =
        Trace.ofWeights alone shared, Trace.ofLosses alone shared, Trace.ofBuffers alone shared

    check "weights of one process" (weights < tolerance) $"{weights}"
    check "losses of one process" (losses < tolerance) $"{losses}"
    check "buffers of one process" (buffers < tolerance) $"{buffers}"
    check "the same bits in all" (Trace.areSame processes shared) "other bits"

// A search for a learning rate is that of one process, and leaves the run as it was.
let private search (processes: Processes) (case: Case) =
    let searched (processes: Processes | null) =
        use session = Cases.start processes case
        let before = Trace.upTo 5L session

        let curve =
            session.FindLearningRate(LearningRateSearch(Lowest = 1e-4, Highest = 0.1, Iterations = 10))

        struct ([ for point in curve.Points -> point.Loss ], List.last before.Bits = List.last (Trace.now session).Bits)

    let struct (alone, _) = searched null
    let struct (shared, isAsItWas) = searched processes

    let isNear =
        alone.Length = shared.Length
        && List.forall2 (fun (left: float) right -> abs (left - right) < tolerance) alone shared

    Checks.check processes $"a search's losses of one process: {case.Name}" isNear $"{alone}, {shared}"
    Checks.check processes $"the run after a search: {case.Name}" isAsItWas "other bits"

let run (processes: Processes) : unit =
    for case in Cases.all do
        compare processes case

    for place in [ 0; 5; 10; 17 ] do
        search processes Cases.all[place]

    // What sees the rows of one process sees them as those of a micro-batch.
    for case in Cases.ofShares do
        let share = Nullable(12 / processes.Count)

        let alone =
            trained
                iterationsOfShares
                null
                { case with
                    Options = fun () -> RunOptions(case.Options(), MicroBatchSize = share)
                }

        let shared = trained iterationsOfShares processes case
        let weights = Trace.ofWeights alone shared
        Checks.check processes $"weights of micro-batches: {case.Name}" (weights < tolerance) $"{weights}"
        Checks.check processes $"the same bits in all: {case.Name}" (Trace.areSame processes shared) "other bits"
