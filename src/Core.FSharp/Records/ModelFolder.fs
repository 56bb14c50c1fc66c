namespace MetricLearning.Core

open System
open System.Collections.Generic
open System.Globalization
open System.IO
open TorchSharp
open MetricLearning

/// A folder with the weights of a run's networks and losses after some epochs: `KEY_EPOCH.safetensors` and `KEY_bestEPOCH.safetensors`, one
/// file for each that has weights or buffers. The files have no optimizer slots: resume a checkpoint to continue training exactly. Of several
/// processes, the first reads and writes them.
module ModelFolder =

    let private extension = ".safetensors"

    let private suffix (isBest: bool) (epoch: int) =
        (if isBest then "best" else "") + string epoch

    let private path (folder: string) (key: string) (isBest: bool) (epoch: int) =
        Path.Combine(folder, $"{key}_{suffix isBest epoch}{extension}")

    // Networks first, then losses.
    let private saved (session: Session) : (string * torch.nn.Module) list =
        [
            for handle in session.Handles.Modules do
                if handle.Module.state_dict().Count > 0 then
                    handle.Key, handle.Module
        ]

    /// The epochs, ascending, of which the folder has this key.
    let private epochsOf (folder: string) (key: string) (isBest: bool) : int[] =
        let before = key + "_" + (if isBest then "best" else "")

        let epoch (file: string) =
            let name = FileInfo(file).Name

            if
                name.StartsWith(before, StringComparison.Ordinal)
                && name.EndsWith(extension, StringComparison.Ordinal)
            then
                let number =
                    name.Substring(before.Length, name.Length - before.Length - extension.Length)

                match Int32.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture) with
                | true, epoch -> Some epoch
                | _ -> None
            else
                None

        if Directory.Exists folder then
            Directory.GetFiles(folder, before + "*" + extension)
            |> Array.choose epoch
            |> Array.sort
        else
            [||]

    /// Saves the run's networks and losses, each file whole or not at all, and then deletes the latest, or the best, files of other epochs.
    /// Raises IOException when a file cannot be written; then the files of earlier epochs are still there.
    let save (session: Session) (folder: string) (isBest: bool) (epoch: int) : unit =
        let all =
            if session.Handles.Processes.IsFirst then
                saved session
            else
                []

        for key, modul in all do
            let tensors =
                [| for entry in modul.state_dict () -> struct (entry.Key, entry.Value) |]

            Safetensors.Save(path folder key isBest epoch, tensors, Dictionary<string, string>())

        for key, _ in all do
            for other in epochsOf folder key isBest do
                if other <> epoch then
                    File.Delete(path folder key isBest other)

    /// The newest epoch of which the folder has the latest, or the best, files of the run's first network; none if there is no such
    /// file.
    let newest (session: Session) (folder: string) (isBest: bool) : int voption =
        let epochs () =
            match saved session with
            | [] -> [||]
            | all ->
                all
                |> List.map (fun (key, _) -> Set.ofArray (epochsOf folder key isBest))
                |> Set.intersectMany
                |> Set.toArray
                |> Array.map int64

        match FromFirst.numbers session.Handles.Processes Occasion.State epochs with
        | [||] -> ValueNone
        | epochs -> ValueSome(int (Array.last epochs))

    let private isInPlace (session: Session) =
        session.Handles.Optimizers
        |> List.exists (fun (_, handle) ->
            match handle with
            | OptimizerHandle.Opaque _ -> true
            | _ -> false)

    // States that were taken share their vectors with the run; only the run's own may be written to.
    let private ownMemory (session: Session) : unit =
        use taken = session.Take()

        let groups =
            taken.Learned.Groups
            |> Array.map (fun group ->
                for slot in group.Slots do
                    slot.Retain()

                { group with
                    Weights = Vector.clone group.Weights
                })

        let average = taken.Learned.Average

        for vector in average.Vectors do
            vector.Retain()

        use own =
            { taken with
                Learned = new Learned(groups, Array.map Vector.clone taken.Learned.Buffers, average)
            }

        session.Resume own

    // The tensors of a file, each with its target.
    let private read (path: string) (modul: torch.nn.Module) : struct (torch.Tensor * torch.Tensor) list =
        use file = SafetensorsFile.Open path
        let state = modul.state_dict ()

        for entry in file.Entries do
            if not (state.ContainsKey entry.Name) then
                raise (
                    InvalidDataException $"\"{path}\" has a tensor \"{entry.Name}\", which is not there to load into."
                )

        for entry in state do
            let found = file.Entry entry.Key

            if found.Dtype <> entry.Value.dtype || found.Shape <> entry.Value.shape then
                raise (
                    InvalidDataException
                        $"\"{path}\": \"{entry.Key}\" is {found.Dtype} of shape {Shape.show found.Shape}, here it is {entry.Value.dtype} of shape {Shape.show entry.Value.shape}."
                )

        [ for entry in state -> struct (entry.Value, file.Tensor entry.Key) ]

    /// Loads the latest, or the best, files of an epoch into the run, which continues from these weights with its optimizer slots. Nothing is
    /// loaded unless every file fits.
    /// Raises InvalidDataException when a file has other tensors than the network or loss of its key, FileNotFoundException when one
    /// is missing.
    let load (session: Session) (folder: string) (isBest: bool) (epoch: int) : unit =
        use _ = torch.NewDisposeScope()
        let processes = session.Handles.Processes

        let found =
            processes.Meeting.Together(fun () ->
                let found =
                    [
                        if processes.IsFirst then
                            for key, modul in saved session do
                                yield! read (path folder key isBest epoch) modul
                    ]

                processes.Meeting.Meet(Occasion.State, [||]) |> ignore
                found)

        let turns = session.Handles.Binding.Turns

        Locks.holding turns (fun () ->
            Locks.noteChange turns

            if not (isInPlace session) then
                ownMemory session

            for struct (target, content) in found do
                Effects.overwrite target content

            FromFirst.contents
                processes
                [
                    for _, modul in saved session do
                        yield! modul.state_dict().Values
                ])
