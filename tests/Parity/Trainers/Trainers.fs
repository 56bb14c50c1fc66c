namespace MetricLearning.Parity

open System
open System.Collections
open System.Text.Json

/// trainers.json: whole training runs, iteration by iteration.
[<RequireQualifiedAccess>]
module Trainers =

    // Returns what the scenario's own hook returned: only an exact false stops.
    let private endOfEpoch (scenario: Scenario) (recorder: Recorder) (given: objnull[]) : objnull =
        let trainer = nonNull given[0]
        let hook = Json.trySome "end_of_epoch_hook" scenario.Json
        let epoch = Convert.ToDouble(Library.property "epoch" trainer)

        let score =
            hook
            |> Option.bind (Json.trySome "plateau_values")
            |> Option.map (fun values -> values[int epoch - 1].GetDouble())

        recorder.EpochEnded(
            trainer,
            score,
            fun score -> Build.invokeInOrder "step_lr_plateau_schedulers" trainer [ score ]
        )

        let stopsAt =
            hook
            |> Option.bind (Json.trySome "return_false_at_epoch")
            |> Option.map Json.number

        if stopsAt = Some epoch then Nullable false else null

    let private endOfIteration (recorder: Recorder) (given: objnull[]) : objnull =
        recorder.IterationEnded(nonNull given[0])
        null

    // In the order in which they happen; training goes on as they are asked for.
    let private events (trainer: obj) (call: JsonElement) : string list =
        let given = Build.arguments call

        [
            for event in nonNull (Build.invoke "events" trainer given []) :?> IEnumerable do
                Library.property "name" (nonNull event) :?> string
        ]

    let private run (root: JsonElement) (note: Fact -> unit) (case: JsonElement) : unit =
        let name = Json.text (Json.field "trainer" case)
        Library.typeNamed name |> ignore

        let scenario = Scenario.ofJson (Json.field "datasets" root) case
        let recorder = Recorder(scenario, note)

        // Where the reference's chance was taken away, what it drew instead is given.
        let scenario =
            match Json.trySome "deterministic_patch" case with
            | Some _ ->
                { scenario with
                    MiningFuncs =
                        ("g_triplet_miner", ReplayedTriplets(fun () -> recorder.Theirs))
                        :: scenario.MiningFuncs
                }
            | None -> scenario

        let trainer =
            Build.constructFromOptions
                name
                [
                    yield! Scenario.arguments (Scenario.clippers recorder.Backward scenario) scenario
                    "dataloader_num_workers", Made 0
                    "seed", Made 1L
                    "end_of_iteration_hook", Function(endOfIteration recorder)
                    "end_of_epoch_hook", Function(endOfEpoch scenario recorder)
                ]

        use _ = trainer :?> IDisposable
        recorder.Constructed trainer

        let happened =
            [
                for call in Json.items (Json.field "train_calls" case) do
                    yield! events trainer call
            ]

        recorder.Finished(trainer, happened)

    let section: Section =
        {
            File = "trainers"
            Groups = [ "scenarios", run ]
            Data = []
        }
