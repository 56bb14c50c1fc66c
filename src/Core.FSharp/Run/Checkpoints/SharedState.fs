namespace MetricLearning.Core

open MetricLearning

/// States in several processes.
module internal SharedState =

    /// The state that the first process finds, in all of them. Each owns its own.
    let ofFirst (handles: Handles) (find: unit -> TrainingState) : TrainingState =
        let processes = handles.Processes

        if processes.Count = 1 then
            find ()
        else
            let found: TrainingState option ref = ref None

            let text =
                FromFirst.text processes Occasion.State (fun () ->
                    let state = find ()
                    found.Value <- Some state
                    WrittenProgress.write state.Progress)

            let known () = Option.get found.Value

            let cursor =
                FromFirst.numbers processes Occasion.State (fun () -> Cursor.toNumbers (known ()).Progress.Cursor)

            let counts =
                FromFirst.numbers processes Occasion.State (fun () ->
                    (known ()).Learned.Groups |> Array.collect _.Counts)

            let average =
                FromFirst.numbers processes Occasion.State (fun () ->
                    let average = (known ()).Learned.Average

                    if average.Count = 0L then
                        [||]
                    else
                        RunningAverage.toNumbers average)

            let state =
                match found.Value with
                | Some state -> state
                | None ->
                    let learned = NamedTensors.empty handles average
                    let mutable first = 0

                    let groups =
                        learned.Groups
                        |> Array.map (fun group ->
                            let counts = Array.sub counts first group.Counts.Length
                            first <- first + counts.Length
                            { group with Counts = counts })

                    {
                        Progress = WrittenProgress.read text cursor
                        Learned = new Learned(groups, learned.Buffers, learned.Average)
                    }

            FromFirst.contents processes [ for vector in state.Learned.Vectors -> vector.Tensor ]
            state

    // Padding between tensors may hold anything.
    let private fingerprint (handles: Handles) (learned: Learned) : int64 =
        let ofSlot (slot: Slot) (vector: Vector) =
            use view = Layout.view slot vector.Tensor
            use here = view.cpu().contiguous()
            Fingerprint.ofBytes (System.Span<byte>.op_Implicit here.bytes)

        let ofVector (layout: Layout) (vector: Vector) =
            layout.Slots |> Array.map (fun slot -> ofSlot slot vector)

        let groups = [| for group in handles.Groups -> group.Layout |]
        let buffers = [| for group in handles.Buffers -> group.Layout |]

        [|
            for group, known in Array.zip handles.Groups learned.Groups do
                for vector in Array.append [| known.Weights |] known.Slots do
                    yield! ofVector group.Layout vector

                yield! known.Counts
            for group, vector in Array.zip handles.Buffers learned.Buffers do
                yield! ofVector group.Layout vector

            yield! RunningAverage.toNumbers learned.Average

            for struct (slot, vector) in RunningAverage.places groups buffers learned.Average do
                ofSlot slot vector
        |]
        |> Fingerprint.ofNumbers

    /// Raises InvalidOperationException when processes take up different states.
    let agree (handles: Handles) (state: TrainingState) : unit =
        let processes = handles.Processes

        if processes.Count > 1 then
            processes.Meeting.Agree(
                Occasion.State,
                [| state.Progress.Steps; fingerprint handles state.Learned |],
                [
                    "take up states of different iterations. Set the same state in every process, or let them resume from a checkpoint."
                    "take up states of different weights. Set the same state in every process, or let them resume from a checkpoint."
                ]
            )
            |> ignore
