/// Law 13 across processes: what was learned of a class goes to no other class.
module MetricLearning.Core.Tests.Run.CheckpointClassTests

open System
open System.Text.Json.Nodes
open Expecto
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.Places

let private labelsOf (classes: 'T[]) : 'T[] =
    Array.init (int RunParts.samples) (fun index -> classes[index % classes.Length])

let private sample (labels: string[]) =
    let rows = SmallRuns.data ()

    TrainingData.FromSamples(
        labels.LongLength,
        Func<int64, Seed, struct (Tensor * string)>(fun index _ -> struct (rows[index], labels[int index]))
    )

/// Every way in which labels become ranks: from the labels of all samples to the data and what else is said of them.
let private ways: (string * (string[] -> RunOptions -> unit)) list =
    let whole (words: string[]) =
        Array.map (fun (word: string) -> int64 word[0]) words

    [
        "strings beside a tensor",
        fun words options -> options.Dataset <- TrainingData.FromTensors(SmallRuns.data (), words)
        "samples with strings",
        fun words options ->
            options.Dataset <- sample words
            options.DatasetLabels <- words
        "strings beside a tensor, collated",
        fun words options ->
            options.Dataset <- TrainingData.FromTensors(SmallRuns.data (), words)
            options.CollateFn <- Func<_, _>(fun samples -> Collate.samples [| 0L .. int64 samples.Count - 1L |] samples)
        "the second level of strings",
        fun words options ->
            let levels = words |> Array.map (fun word -> [| "all"; word |])
            options.Dataset <- TrainingData.FromTensors(SmallRuns.data (), nonNull (box levels))
            options.LabelHierarchyLevel <- 1
        "ranks of integers",
        fun words options ->
            options.Dataset <- TrainingData.FromTensors(SmallRuns.data (), (whole words: int64[]))
            options.DatasetLabels <- whole words
            options.SetMinLabelToZero <- true
    ]

/// A run that learns a row for each of six classes.
let private start (way: string[] -> RunOptions -> unit) (classes: string[]) : Session =
    let options =
        SmallRuns.optionsOf
            [ Keys.Trunk, SmallRuns.linear RunParts.features 3L ]
            [ "trunk_optimizer", SmallRuns.adam ]
            (SmallRuns.data ())

    options.LossFuncs.MetricLoss <- new ProxyAnchorLoss(6, 3)
    way (labelsOf classes) options
    SmallRuns.session options

let private pets = [| "bird"; "cat"; "dog" |]

let private withSaved (way: string[] -> RunOptions -> unit) (classes: string[]) (act: string -> unit) =
    withPath (fun path ->
        do
            use session = start way classes
            SmallRuns.step session
            session.SaveCheckpoint path

        act path)

let private isRefused (way: string[] -> RunOptions -> unit) (classes: string[]) (path: string) (words: string) =
    use session = start way classes
    let before = Snapshot.ofSession session, Snapshot.ofModules session.Handles
    throws<ArgumentException> words (fun () -> session.ResumeFrom path)
    Expect.equal (Snapshot.ofSession session, Snapshot.ofModules session.Handles) before "nothing was loaded"

let private others: (string * string[]) list =
    [
        "a class more, first in order", [| "ant"; "bird"; "cat"; "dog" |]
        "a class more, last in order", [| "bird"; "cat"; "dog"; "emu" |]
        "a class less", [| "bird"; "dog" |]
        "another in its place", [| "bird"; "cow"; "fox" |]
        "all of them others", [| "x"; "y"; "z" |]
    ]

let tests =
    testList
        "classes of checkpoints"
        [
            for name, way in ways do
                for what, classes in others do
                    testCase $"{name}: {what}" (fun () ->
                        withSaved way pets (fun path ->
                            isRefused way classes path "what was learned of a class would go to another"))

                testCase $"{name}: the same in another order" (fun () ->
                    withSaved way pets (fun path ->
                        use session = start way (Array.rev pets)
                        session.ResumeFrom path
                        Expect.equal session.Progress.Steps 1L "it goes on"))

            testCase "the message says which" (fun () ->
                let way = snd ways.Head

                withSaved way pets (fun path ->
                    isRefused way [| "ant"; "cat"; "dog" |] path "its class 0 is \"bird\", here it is \"ant\""

                    isRefused
                        way
                        [| "bird"; "cat"; "dog"; "emu" |]
                        path
                        "its labels are 3 classes in order, here they are 4 classes"))

            testCase "what it advises helps: the classes that it was trained on" (fun () ->
                withSaved (snd ways.Head) pets (fun path ->
                    let way words (options: RunOptions) =
                        snd ways.Head words options
                        options.DatasetLabels <- pets

                    use session = start way [| "bird"; "dog" |]
                    session.ResumeFrom path))

            testCase "names, or numbers that stay" (fun () ->
                let numbers words (options: RunOptions) =
                    options.Dataset <-
                        TrainingData.FromTensors(
                            SmallRuns.data (),
                            (Array.map (fun word -> int64 (Array.IndexOf(pets, word))) words: int64[])
                        )

                withSaved numbers pets (fun path ->
                    isRefused
                        (snd ways.Head)
                        pets
                        path
                        "its labels are whole numbers that stay as they are, here they are 3 classes"

                    use session = start numbers [| "bird"; "dog" |]
                    session.ResumeFrom path))

            testCase "a file of a version that wrote no classes" (fun () ->
                let way = snd ways.Head

                withSaved way pets (fun path ->
                    SavedRuns.rewritten path (fun strings ->
                        let description = (nonNull (JsonNode.Parse strings["description"])).AsObject()
                        description.Remove "classes" |> ignore
                        strings["description"] <- description.ToJsonString())

                    use session = start way [| "ant"; "cat"; "dog" |]
                    session.ResumeFrom path))

            testCase "many classes: their hash tells them apart" (fun () ->
                let names (last: string) =
                    ClassNames.ofLabels (
                        Array.append (Array.init 100_000 (fun number -> $"class {number}")) [| last |]
                    )

                let one = names "x"
                Expect.isLessThan one.First.Length 10_000 "names in the file"
                Expect.isNone (ClassNames.difference one (names "x")) "the same"
                Expect.isSome (ClassNames.difference one (names "y")) "others")
        ]
