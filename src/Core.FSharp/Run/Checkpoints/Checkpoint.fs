namespace MetricLearning.Core

open System
open System.Collections.Generic
open System.IO
open TorchSharp
open MetricLearning

/// Checkpoints: a whole state in one file, from which another process goes on as if nothing had happened. The file is a
/// safetensors file of named tensors; its strings hold the numbers and say what the run is made of, and its last tensor is the
/// hash of all bytes before it. Nothing in it is executed.
module Checkpoint =

    /// The version of the format that this library writes, and the highest that it reads.
    [<Literal>]
    let Version = 1

    [<Literal>]
    let private Format = "MetricLearning checkpoint"

    let private library =
        let version = typeof<TrainingState>.Assembly.GetName().Version
        $"MetricLearning {version}"

    /// Writes a state of these handles to a stream.
    /// Raises InvalidOperationException when the state was freed, or an optimizer keeps its slots to itself;
    /// ArgumentException when the state is that of other handles.
    let write (recipe: Recipe) (handles: Handles) (state: TrainingState) (stream: Stream) : unit =
        let description =
            { Description.ofRun recipe handles with
                Averaging =
                    if state.WeightsAveraged > 0L then
                        Some state.Learned.Average.Kind
                    else
                        None
            }

        StateGuards.checkFits handles state
        use _ = torch.NewDisposeScope()
        let named = NamedTensors.ofLearned handles state.Learned
        let cursor = torch.tensor (Cursor.toNumbers state.Progress.Cursor)

        let strings =
            [
                "format", Format
                "version", string Version
                "library", library
                "description", Description.write description
                "progress", WrittenProgress.write state.Progress
            ]

        Safetensors.WriteSealed(
            stream,
            Array.append [| struct (NamedTensors.Cursor, cursor) |] named.Tensors,
            [ for name, text in strings -> KeyValuePair(name, text) ]
        )

    /// Writes a state of these handles to a file, as a whole or not at all (see `DurableFile.Write`).
    /// Raises what `write` raises, and IOException when the file cannot be written: then an earlier file is still there.
    let save (recipe: Recipe) (handles: Handles) (state: TrainingState) (path: string) : unit =
        DurableFile.Write(path, write recipe handles state)

    let private damaged (title: string) (reason: string) : exn =
        InvalidDataException $"{title} is no checkpoint that can be read: {reason}."

    let private text (title: string) (file: SafetensorsFile) (name: string) : string =
        match file.Metadata.TryGetValue name with
        | true, text -> text
        | _ -> raise (damaged title $"it has no {name}")

    let private checkFormat (title: string) (file: SafetensorsFile) : unit =
        match file.Metadata.TryGetValue "format" with
        | true, Format -> ()
        | _ -> raise (damaged title "it is a safetensors file, but none that SaveCheckpoint wrote")

        match Int32.TryParse(text title file "version") with
        | true, version when version > Version ->
            let writer = text title file "library"

            raise (
                damaged
                    title
                    $"it was written by a newer version of this library ({writer}, format {version}; this is {library}, which reads up to format {Version}). Update MetricLearning to go on from it"
            )
        | true, version when version >= 1 -> ()
        | _ -> raise (damaged title "its version is no number")

    let private refuse (title: string) (differences: string list) : unit =
        if not differences.IsEmpty then
            let listed = List.truncate 6 differences

            let more =
                if differences.Length > listed.Length then
                    $"; and {differences.Length - listed.Length} more"
                else
                    ""

            let listed = String.Join("; ", listed)

            raise (
                ArgumentException(
                    $"{title} is the checkpoint of another run: {listed}{more}. A checkpoint fits a trainer of the same kind with the same networks, losses, optimizers, schedules and classes."
                )
            )

    let private wholeNumbers (title: string) (name: string) (tensor: torch.Tensor) : int64[] =
        if tensor.dtype <> torch.ScalarType.Int64 || tensor.dim () <> 1L then
            raise (damaged title $"its \"{name}\" is no list of whole numbers")

        tensor.data<int64>().ToArray()

    let private readProgress (title: string) (file: SafetensorsFile) : Progress =
        if not (file.Contains NamedTensors.Cursor) then
            raise (damaged title $"it has no \"{NamedTensors.Cursor}\"")

        use cursor = file.Tensor NamedTensors.Cursor
        let numbers = wholeNumbers title NamedTensors.Cursor cursor

        try
            WrittenProgress.read (text title file "progress") numbers
        with :? InvalidDataException as error ->
            raise (damaged title error.Message)

    // Zeros for what the file holds.
    let private emptyFor (handles: Handles) (title: string) (file: SafetensorsFile) : Learned =
        let average =
            if file.Contains NamedTensors.Average then
                use numbers = file.Tensor NamedTensors.Average
                wholeNumbers title NamedTensors.Average numbers
            else
                [||]

        try
            NamedTensors.empty handles average
        with :? FormatException as error ->
            raise (damaged title $"the numbers of its \"{NamedTensors.Average}\" are wrong: {error.Message}")

    /// The state in a checkpoint of handles like these; it is the caller's. Nothing of the handles changes.
    /// Raises InvalidDataException, saying what is wrong, when the file is no checkpoint, was damaged or is of a newer version;
    /// ArgumentException, saying how it differs, when it is that of another trainer; InvalidOperationException when an
    /// optimizer keeps its slots to itself.
    let readFrom (recipe: Recipe) (handles: Handles) (title: string) (file: SafetensorsFile) : TrainingState =
        checkFormat title file
        file.CheckSeal()
        let here = Description.ofRun recipe handles

        let written =
            try
                Description.read (text title file "description")
            with :? InvalidDataException as error ->
                raise (damaged title error.Message)

        refuse title (Differences.ofDescriptions handles written here)
        let progress = readProgress title file
        refuse title (Differences.ofProgress handles progress)
        let learned = emptyFor handles title file

        try
            use _ = torch.NewDisposeScope()
            let named = NamedTensors.ofLearned handles learned
            refuse title (Differences.ofTensors file named.Tensors)

            for struct (name, tensor) in named.Tensors do
                file.CopyTo(name, tensor)

            let groups =
                Array.zip learned.Groups named.Counts
                |> Array.map (fun (group, counts) ->
                    match counts with
                    | null -> group
                    | counts ->
                        { group with
                            Counts = counts.data<int64>().ToArray()
                        })

            let state =
                {
                    Progress = progress
                    Learned = new Learned(groups, learned.Buffers, learned.Average)
                }

            StateGuards.checkFits handles state
            state
        with _ ->
            learned.Dispose()
            reraise ()

    /// The state in the checkpoint of this name, as `readFrom` reads it.
    /// Raises what that does, and FileNotFoundException and its like when there is no such file.
    let load (recipe: Recipe) (handles: Handles) (path: string) : TrainingState =
        use file = SafetensorsFile.Open path
        readFrom recipe handles $"\"{path}\"" file
