/// A run that is saved.
module MetricLearning.Core.Tests.Support.SavedRuns

open System.Collections.Generic
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

/// The checkpoint with other strings, sealed again.
let rewritten (path: string) (change: IDictionary<string, string> -> unit) =
    let tensors, strings =
        use file = SafetensorsFile.Open path
        let strings = Dictionary file.Metadata
        change strings

        [
            for entry in file.Entries do
                if entry.Name <> "sha256" then
                    struct (entry.Name, file.Tensor entry.Name)
        ],
        strings

    DurableFile.Write(path, fun stream -> Safetensors.WriteSealed(stream, tensors, strings))

    for struct (_, tensor) in tensors do
        tensor.Dispose()
