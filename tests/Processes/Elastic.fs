/// Checkpoints of any number of processes, which any number goes on from.
module MetricLearning.ProcessTests.Elastic

open System.IO
open MetricLearning
open MetricLearning.Core

let private half = 7L
let private whole = 14L

let private cases =
    [
        for place in [ 0; 5; 10; 17 ] do
            Cases.all[place]
        List.last Cases.all
    ]

let private folderOf (folder: string) (case: Case) =
    Path.Combine(folder, string (Fingerprint.ofText case.Name))

/// Trains the first half and leaves its checkpoint. `by`: what this process is one of.
let write (by: Processes) (folder: string) : unit =
    for case in cases do
        use session = Cases.start by case
        session.Checkpoints <- CheckpointOptions(Folder = folderOf folder case, EveryIterations = 7)
        Trace.upTo half session |> ignore
        session.SaveCheckpoint(CheckpointFolder.pathOf (folderOf folder case) half)

/// Goes on with the other half, and compares with a run that was not interrupted.
let goOn (processes: Processes) (folder: string) (wroteAsMany: bool) : unit =
    for case in cases do
        let check what =
            Checks.check processes $"{what}: {case.Name}"

        let uninterrupted =
            use session = Cases.start processes case
            Trace.upTo whole session

        use session = Cases.start processes case
        let path = session.ResumeLatest(folderOf folder case, invalidOp)
        check "a checkpoint" (not (isNull path)) "none"
        let found = Trace.upTo whole session
        let apart = Trace.ofWeights uninterrupted found
        check "as if not interrupted" (if wroteAsMany then apart = 0.0 else apart < 1e-9) $"{apart}"
        check "the same bits in all" (Trace.areSame processes found) "other bits"
