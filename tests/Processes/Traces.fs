namespace MetricLearning.ProcessTests

open System
open System.Threading
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support

/// What a run came by.
type Trace =
    {
        /// Of every iteration.
        Losses: Map<string, float> list
        /// The state after every iteration, bit for bit.
        Bits: int64 list
        /// The weights at the end, and the averages of them.
        Weights: float[]
        /// The buffers at the end.
        Buffers: float[]
    }

/// Following runs.
module Trace =

    let private numbers (layouts: (Layout * Vector) seq) : float[] =
        [|
            for layout, vector in layouts do
                for slot in layout.Slots do
                    use view = Layout.view slot vector.Tensor
                    use here = view.to_type(torch.float64).contiguous()
                    yield! here.data<float>().ToArray()
        |]

    let private bits (session: Session) : int64 =
        let snapshot = Snapshot.withoutPadding session
        Fingerprint.ofText $"%A{snapshot.Vectors} %A{snapshot.Counts} %A{snapshot.Progress}"

    /// The state of a session as it is.
    let now (session: Session) : Trace =
        use state = session.Take()
        use averaged = state.Averaged()
        let handles = session.Handles

        {
            Losses = []
            Bits = [ bits session ]
            Weights =
                numbers
                    [
                        for learned in [ state.Learned; averaged.Learned ] do
                            for group, known in Array.zip handles.Groups learned.Groups do
                                group.Layout, known.Weights
                    ]
            Buffers =
                numbers
                    [
                        for group, vector in Array.zip handles.Buffers state.Learned.Buffers do
                            group.Layout, vector
                    ]
        }

    /// Trains up to so many iterations in all.
    let upTo (iterations: int64) (session: Session) : Trace =
        let losses = ResizeArray()
        let found = ResizeArray()

        if session.Progress.Steps < iterations then
            session.Train(None, Int32.MaxValue, CancellationToken.None)
            |> Seq.takeWhile (fun event ->
                if event = Event.EpochEnded then
                    session.Observe 1.0

                if event = Event.IterationEnded then
                    losses.Add session.Progress.Losses
                    found.Add(bits session)

                session.Progress.Steps < iterations || event <> Event.IterationEnded)
            |> Seq.iter ignore

        { now session with
            Losses = List.ofSeq losses
            Bits = List.ofSeq found
        }

    let private furthest (left: float[]) (right: float[]) : float =
        if left.Length <> right.Length then
            infinity
        else
            Array.fold2 (fun most left right -> max most (abs (left - right))) 0.0 left right

    /// How far the weights of two runs are apart.
    let ofWeights (left: Trace) (right: Trace) : float = furthest left.Weights right.Weights

    /// How far buffers are apart.
    let ofBuffers (left: Trace) (right: Trace) : float = furthest left.Buffers right.Buffers

    /// How far losses are apart.
    let ofLosses (left: Trace) (right: Trace) : float =
        List.zip left.Losses right.Losses
        |> Seq.collect (fun (left, right) ->
            Seq.map2 (fun (left: float) right -> abs (left - right)) left.Values right.Values)
        |> Seq.append [ 0.0 ]
        |> Seq.max

    /// True if all processes came by the same bits.
    let areSame (processes: Processes) (trace: Trace) : bool =
        let told =
            processes.Collective.Exchange [| trace.Bits |> List.toArray |> Fingerprint.ofNumbers |]

        told |> Array.forall ((=) told[0])
