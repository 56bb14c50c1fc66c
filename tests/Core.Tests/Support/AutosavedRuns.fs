/// A run that saves itself into a folder.
module MetricLearning.Core.Tests.Support.AutosavedRuns

open System
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support.SavedRuns

let settings =
    { Settings.rich with
        IterationsPerEpoch = Some 3
        Schedule = ScheduleSetting.ByIteration
    }

let every (iterations: int) (folder: string) : CheckpointOptions =
    CheckpointOptions(Folder = folder, EveryIterations = iterations)

let start () =
    Subject.start Subject.metricLossOnly settings

let run (iterations: int) (session: Session) =
    for _ in 1..iterations do
        step session

let steps (folder: string) =
    [ for struct (steps, _) in CheckpointFolder.list folder -> steps ]

let quietly (_: string) = ()

let whole (last: int) =
    use session = start ()
    Drive.train session last Drive.quietly
    Snapshot.ofSession session
