/// A run that is saved.
module MetricLearning.Core.Tests.Files.SavedRuns

open System.Threading
open MetricLearning.Core
open MetricLearning.Core.Tests.Files.Places
open MetricLearning.Core.Tests.Laws

let subject = Subject.metricLossOnly

let step (session: Session) =
    session.Step CancellationToken.None |> Seq.iter ignore

/// A path with the checkpoint of a run after two iterations.
let withCheckpoint (settings: Settings) (act: string -> unit) =
    withPath (fun path ->
        do
            use session = Subject.start subject settings
            step session
            step session
            session.SaveCheckpoint path

        act path)

let fitting () = Subject.start subject Settings.rich
