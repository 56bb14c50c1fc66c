/// Folders with the weights of some epochs.
module MetricLearning.Core.Tests.Records.ModelFolderTests

open System.IO
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support

let private session (inputs: int64) =
    let data = torch.rand(int64 RunParts.labels.Length, inputs).DetachFromDisposeScope()

    SmallRuns.session (
        SmallRuns.optionsOf
            [ "trunk", SmallRuns.linear inputs 4L; "embedder", torch.nn.BatchNorm1d 4L ]
            [ "trunk_optimizer", SmallRuns.adam ]
            data
    )

let private bytesOf (session: Session) =
    [
        for handle in session.Handles.Modules do
            for entry in handle.Module.state_dict () do
                entry.Value.detach().contiguous().bytes.ToArray()
    ]

let private names (folder: string) =
    Directory.GetFiles folder
    |> Array.map (fun path -> FileInfo(path).Name)
    |> Array.sort

let private files =
    testCase "the newest files replace those of other epochs, the best ones those of other best epochs" (fun () ->
        Folders.using (fun folder ->
            use session = session 3L

            for epoch in [ 1; 2; 9; 10 ] do
                ModelFolder.save session folder false epoch

            for epoch in [ 1; 9 ] do
                ModelFolder.save session folder true epoch

            File.WriteAllText(Path.Combine(folder, "trunk_notes.safetensors"), "mine")

            Expect.equal
                (names folder)
                [|
                    "embedder_10.safetensors"
                    "embedder_best9.safetensors"
                    "trunk_10.safetensors"
                    "trunk_best9.safetensors"
                    "trunk_notes.safetensors"
                |]
                "files"

            Expect.equal (ModelFolder.newest session folder false) (ValueSome 10) "latest"
            Expect.equal (ModelFolder.newest session folder true) (ValueSome 9) "best"))

let private incomplete =
    testCase "an epoch counts only if all its files are there" (fun () ->
        Folders.using (fun folder ->
            use session = session 3L
            ModelFolder.save session folder false 4
            File.Copy(Path.Combine(folder, "trunk_4.safetensors"), Path.Combine(folder, "trunk_5.safetensors"))
            Expect.equal (ModelFolder.newest session folder false) (ValueSome 4) "of both"
            File.Delete(Path.Combine(folder, "embedder_4.safetensors"))
            Expect.equal (ModelFolder.newest session folder false) ValueNone "of one"
            Expect.equal (ModelFolder.newest session (Path.Combine(folder, "none")) true) ValueNone "no folder"))

let private loaded =
    testCase "weights and buffers come back bit by bit, and a state that was taken before stays as it is" (fun () ->
        Folders.using (fun folder ->
            use session = session 3L
            SmallRuns.step session
            ModelFolder.save session folder false 1
            let saved = bytesOf session
            SmallRuns.step session
            use taken = session.Take()
            let later = bytesOf session
            Expect.notEqual later saved "trained on"
            ModelFolder.load session folder false 1
            Expect.equal (bytesOf session) saved "loaded"
            SmallRuns.step session
            session.Resume taken
            Expect.equal (bytesOf session) later "the taken state"))

let private refused =
    testCase "files of another network are refused, and nothing is loaded" (fun () ->
        Folders.using (fun folder ->
            use other = session 5L
            ModelFolder.save other folder false 1
            use session = session 3L
            let before = bytesOf session

            Expect.throwsT<InvalidDataException> (fun () -> ModelFolder.load session folder false 1) "another shape"

            Expect.throwsT<FileNotFoundException> (fun () -> ModelFolder.load session folder false 2) "no such epoch"
            Expect.equal (bytesOf session) before "weights"))

let tests =
    testList "model folder" [ files; incomplete; loaded; refused ] |> testSequenced
