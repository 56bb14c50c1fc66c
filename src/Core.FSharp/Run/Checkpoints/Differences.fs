namespace MetricLearning.Core

open System
open System.Collections.Generic
open TorchSharp
open MetricLearning

/// Differences between a checkpoint and the run that is to go on from it: sentences, none when it fits.
module internal Differences =

    let private list (names: string seq) : string =
        if Seq.isEmpty names then
            "none"
        else
            String.Join(", ", names)

    let private ofNames (what: string) (written: string seq) (here: string seq) : string list =
        if Set.ofSeq written <> Set.ofSeq here then
            [ $"its {what} are {list written}, here they are {list here}" ]
        else
            []

    /// Of what they are made of.
    let ofDescriptions (handles: Handles) (written: Description) (here: Description) : string list =
        [
            if written.Trainer <> here.Trainer then
                $"it is that of a {written.Trainer}, this is a {here.Trainer}"

            yield! ofNames "networks" written.Networks here.Networks
            yield! ofNames "losses" written.Losses here.Losses
            yield! ofNames "optimizers" written.Optimizers.Keys here.Optimizers.Keys

            for KeyValue(key, kinds) in written.Optimizers do
                match Map.tryFind key here.Optimizers with
                | Some ours when ours <> kinds -> $"its \"{key}\" is {list kinds}, here it is {list ours}"
                | _ -> ()

            yield! Option.toList (Option.bind (AverageGuards.ofKind handles) written.Averaging)

            yield! Option.toList (Option.map2 ClassNames.difference written.Classes here.Classes |> Option.flatten)
        ]

    /// Of schedules.
    let ofProgress (handles: Handles) (written: Progress) : string list =
        let isPure (_, _, scheduler) =
            match scheduler with
            | Scheduler.Pure _ -> true
            | Scheduler.Torch _ -> false

        let keys schedulers = [ for key, _, _ in schedulers -> key ]
        let pure', torch = List.partition isPure handles.Schedulers

        ofNames "schedules" written.Schedules.Keys (keys pure')
        @ ofNames "TorchSharp schedulers" written.TorchSchedules.Keys (keys torch)

    /// Of the names, shapes and dtypes of tensors.
    let ofTensors (file: SafetensorsFile) (here: struct (string * torch.Tensor)[]) : string list =
        let known =
            HashSet
                [
                    NamedTensors.Cursor
                    Safetensors.Seal
                    for struct (name, _) in here do
                        name
                ]

        [
            for struct (name, tensor) in here do
                if not (file.Contains name) then
                    $"it has no \"{name}\""
                else
                    let entry = file.Entry name

                    if entry.Shape <> tensor.shape then
                        $"its \"{name}\" has the shape {Shape.show entry.Shape}, here it has {Shape.show tensor.shape}"
                    elif entry.Dtype <> tensor.dtype then
                        $"its \"{name}\" is {entry.Dtype}, here it is {tensor.dtype}"

            // Short names first: weights before what optimizers keep of them.
            for entry in file.Entries |> Seq.sortBy (fun entry -> struct (entry.Name.Length, entry.Name)) do
                if not (known.Contains entry.Name) then
                    $"its \"{entry.Name}\" is not here"
        ]
