/// Averages of weights in checkpoints.
module MetricLearning.Core.Tests.Run.CheckpointAverageTests

open System
open System.Collections.Generic
open System.IO
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Places
open MetricLearning.Core.Tests.Support.SavedRuns

let private averaging (index: int) =
    { Settings.rich with Averaging = index }

let private resumed (index: int) (path: string) (act: Session -> string list -> unit) =
    use session = Subject.start subject (averaging index)
    let told = ResizeArray<string>()
    session.Warned <- Action<string> told.Add
    session.ResumeFrom path
    act session (List.ofSeq told)

let private isRefused (index: int) (path: string) (words: string) =
    use session = Subject.start subject (averaging index)
    let before = Snapshot.ofSession session

    Expect.throwsC (fun () -> session.ResumeFrom path) (fun error ->
        Expect.equal (error.GetType()) typeof<ArgumentException> error.Message
        Expect.stringContains error.Message words "the message")

    Expect.equal (Snapshot.ofSession session) before "nothing was loaded"

// Numbers of an average that are none.
let private strange: (string * int64[]) list =
    [
        "too few", [| 2L |]
        "a count of 0", Array.zeroCreate 99
        "a flag that is none", [| 2L; 7L; 0L; 0L; 0L; 0L |]
    ]

let private withNumbers (numbers: int64[]) (path: string) =
    let tensors, strings =
        use file = SafetensorsFile.Open path

        [
            for entry in file.Entries do
                if entry.Name = "progress.average" then
                    struct (entry.Name, torch.tensor numbers)
                elif entry.Name <> "sha256" then
                    struct (entry.Name, file.Tensor entry.Name)
        ],
        Dictionary file.Metadata

    DurableFile.Write(path, fun stream -> Safetensors.WriteSealed(stream, tensors, strings))

let tests =
    testList
        "averages in checkpoints"
        [
            testCase "are tensors by name, beside the weights" (fun () ->
                withCheckpoint (averaging 1) (fun path ->
                    let tensors, strings = ForeignReader.read (File.ReadAllBytes path)

                    for name in [ "trunk.inner.first.weight"; "trunk.inner.norm.running_mean"; "metric_loss.W" ] do
                        Expect.isTrue (tensors.ContainsKey $"average.{name}") name

                    Expect.isFalse
                        (tensors.ContainsKey "average.trunk.inner.norm.num_batches_tracked")
                        "whole numbers"

                    Expect.stringContains strings["description"] "\"averaging\":\"exponential\"" "its kind"))

            testCase "without an average, files are as they were" (fun () ->
                withCheckpoint Settings.rich (fun path ->
                    let tensors, strings = ForeignReader.read (File.ReadAllBytes path)
                    Expect.isFalse (tensors.Keys |> Seq.exists (fun name -> name.Contains "average")) "no tensor"
                    Expect.isFalse (strings["description"].Contains "averaging") "no word"))

            testCase "one without an average begins one, and says so" (fun () ->
                withCheckpoint Settings.rich (fun path ->
                    resumed 1 path (fun session told ->
                        Expect.exists told (fun word -> word.Contains "no average of weights") "told"
                        step session
                        use state = session.Take()
                        Expect.equal state.WeightsAveraged 1L "it begins")

                    // At the end of the second epoch nothing is late yet.
                    resumed 3 path (fun _ told -> Expect.isEmpty told "nothing to tell")))

            testCase "one with an average goes on in a run of its kind alone" (fun () ->
                withCheckpoint (averaging 1) (fun path ->
                    isRefused 0 path "it has an average of weights (exponential), and here WeightAveraging is not set"
                    isRefused 3 path "its average of weights is exponential, and WeightAveraging here is equal"
                    // Another decay is another rate.
                    resumed 2 path (fun session told ->
                        Expect.isEmpty told "nothing to tell"
                        step session
                        use state = session.Take()
                        Expect.equal state.WeightsAveraged 3L "it goes on")))

            testCase "one from before the average began is nobody's" (fun () ->
                withCheckpoint (averaging 3) (fun path -> resumed 0 path (fun session _ -> step session)))

            for what, numbers in strange do
                testCase $"numbers that are none: {what}" (fun () ->
                    withCheckpoint (averaging 1) (fun path ->
                        withNumbers numbers path
                        use session = Subject.start subject (averaging 1)
                        Expect.throwsT<InvalidDataException> (fun () -> session.ResumeFrom path) "refused"))
        ]
