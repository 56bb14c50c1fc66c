namespace MetricLearning.Core.Tests.Support

open System
open System.Security.Cryptography
open System.Threading
open TorchSharp
open MetricLearning
open MetricLearning.Core

/// A state written down, bit for bit: equal exactly when the states are.
type Snapshot =
    {
        /// A digest of each vector: weights and slots group by group, then buffers.
        Vectors: string list
        /// The step counts of each group's parameters.
        Counts: int64 list list
        Progress: Progress
    }

module Snapshot =

    let bitsOf (tensor: Tensor) : string =
        use here = tensor.detach().cpu().contiguous()
        Convert.ToHexString(SHA256.HashData(here.bytes.ToArray()))[..15]

    let ofState (state: TrainingState) : Snapshot =
        {
            Vectors = [ for vector in state.Learned.Vectors -> bitsOf vector.Tensor ]
            Counts = [ for group in state.Learned.Groups -> List.ofArray group.Counts ]
            Progress = state.Progress
        }

    let ofSession (session: Session) : Snapshot =
        use state = session.Take()
        ofState state

    /// The newest state but for the padding between tensors: no weight, loss or slot depends on it, and files leave it
    /// out.
    let withoutPadding (session: Session) : Snapshot =
        use state = session.Take()
        let learned = state.Learned

        let bitsAt (slot: Slot) (vector: Vector) =
            use view = Layout.view slot vector.Tensor
            bitsOf view

        let bitsOf (layout: Layout) (vector: Vector) =
            [
                for slot in layout.Slots do
                    bitsAt slot vector
            ]

        let groups = [| for group in session.Handles.Groups -> group.Layout |]
        let buffers = [| for group in session.Handles.Buffers -> group.Layout |]

        { ofState state with
            Vectors =
                [
                    for group, groupState in Array.zip session.Handles.Groups learned.Groups do
                        for vector in Array.append [| groupState.Weights |] groupState.Slots do
                            yield! bitsOf group.Layout vector

                    for group, vector in Array.zip session.Handles.Buffers learned.Buffers do
                        yield! bitsOf group.Layout vector

                    yield! RunningAverage.toNumbers learned.Average |> Seq.map string

                    for struct (slot, vector) in RunningAverage.places groups buffers learned.Average do
                        bitsAt slot vector
                ]
        }

    /// What the modules show: parameters, then buffers, by their names.
    let ofModules (handles: Handles) : (string * string) list =
        [
            for handle in handles.Modules do
                for struct (name, parameter) in handle.Module.named_parameters () do
                    $"{handle.Key}.{name}", bitsOf parameter

                for struct (name, buffer) in handle.Module.named_buffers () do
                    $"{handle.Key}.{name}", bitsOf buffer
        ]

    /// Libtorch's generator as the user finds it.
    let generator () : string =
        use state = torch.random.get_rng_state ()
        bitsOf state

/// Driving sessions.
module Drive =

    /// The score that plateau schedules are shown: never better, so that they move.
    let private score = 1.0

    /// Consumes the events, showing a score to plateau schedules at the end of an epoch and then calling the hook with
    /// the number of the event, from 0.
    let events (session: Session) (hook: int -> Event -> unit) (events: Event seq) : unit =
        let isWatched =
            session.Handles.Schedulers
            |> List.exists (fun (_, moves, _) -> moves = Moves.ByPlateau)

        events
        |> Seq.iteri (fun number event ->
            if isWatched && event = Event.EpochEnded then
                session.Observe score

            hook number event)

    /// Trains to the end of an epoch.
    let train (session: Session) (last: int) (hook: int -> Event -> unit) : unit =
        session.Train(None, last, CancellationToken.None) |> events session hook

    let quietly (_: int) (_: Event) : unit = ()

    /// The number of events of a whole training.
    let count (session: Session) (last: int) : int =
        let mutable total = 0
        train session last (fun number _ -> total <- number + 1)
        total
