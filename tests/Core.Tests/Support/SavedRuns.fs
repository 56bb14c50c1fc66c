/// A run that is saved.
module MetricLearning.Core.Tests.Support.SavedRuns

open System.Threading
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support.Places

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
