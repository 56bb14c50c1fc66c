namespace MetricLearning.Core

open System
open TorchSharp
open type TorchSharp.torch
open MetricLearning

/// The sizes of the numbers that a step starts from.
[<NoEquality; NoComparison>]
type internal Measurements =
    {
        /// The gradients of each group; 0 where it does not step.
        Gradients: float[]
        /// The weights of each group; 0 where it neither steps nor was written by the forward pass.
        Weights: float[]
    }

/// The result of an iteration before its step. Losses are finite: by name, with their sum.
[<RequireQualifiedAccess; NoEquality; NoComparison>]
type internal Findings =
    /// All else is finite, too: what the step does to each group, and how large the numbers are that it starts from.
    | Finite of losses: Map<string, float> * moves: GroupMove[] * measured: Measurements
    /// Gradients are not, and may be at a smaller scale of the loss.
    | Overflow of losses: Map<string, float>

/// Measuring what a step starts from, so that it is refused before anything is written.
module internal Measurements =

    let private isFloating (layout: Layout) =
        torch.is_floating_point layout.Dtype || torch.is_complex layout.Dtype

    // What has to be read: the gradients and weights of each group, then the buffers.
    let private take (handles: Handles) (workspace: Workspace) (moves: GroupMove[]) : Measured[] =
        use _ = no_grad ()
        let none = Measured.Known 0.0

        [|
            for move in moves do
                GroupMove.gradient move
            for index in 0 .. moves.Length - 1 do
                let group = handles.Groups[index]

                match moves[index] with
                | GroupMove.Still when not group.IsRewritten -> none
                | _ -> Magnitude.ofFlat group.Layout workspace.Weights[index].Tensor
            for index in 0 .. handles.Buffers.Length - 1 do
                let layout = handles.Buffers[index].Layout

                if isFloating layout then
                    Magnitude.ofFlat layout workspace.Buffers[index].Tensor
                else
                    none
        |]

    // The numbers that were read.
    let private refuseBroken
        (handles: Handles)
        (workspace: Workspace)
        (moves: GroupMove[])
        (progress: Progress)
        (found: float[])
        : Measurements =
        let count = moves.Length
        let gradients, weights = found[.. count - 1], found[count .. 2 * count - 1]

        for index in 0 .. count - 1 do
            if not (Double.IsFinite gradients[index]) then
                match moves[index] with
                | GroupMove.ByRule(_, _, broken)
                | GroupMove.Opaque(_, ValueSome broken) ->
                    Finiteness.refuseGradients handles.Precision progress handles.Groups[index] broken gradients[index]
                | _ -> ()

            if not (Double.IsFinite weights[index]) then
                Finiteness.refuseWeights progress handles.Groups[index] workspace.Weights[index].Tensor weights[index]

        for index in 0 .. handles.Buffers.Length - 1 do
            if not (Double.IsFinite found[2 * count + index]) then
                Finiteness.checkBuffers
                    handles.Precision
                    progress
                    handles.Buffers[index].Layout
                    (Workspace.before workspace workspace.Before.Buffers[index])
                    workspace.Buffers[index].Tensor

        {
            Gradients = gradients
            Weights = weights
        }

    let private isBroken (number: float) = not (Double.IsFinite number)

    // The losses, and whether gradients overflow: what a clipper must not be given.
    let private beforeClippers (handles: Handles) progress losses canSkip (moves: unit -> GroupMove[]) =
        let measured =
            if canSkip then
                moves () |> Array.map GroupMove.gradient
            else
                [||]

        let numbers, found = WeightedLosses.read handles.RunKeys losses measured
        struct (Finiteness.check handles.Precision progress numbers, Array.exists isBroken found)

    let private clip (handles: Handles) : unit =
        for key, clip in handles.Clippers do
            Parts.run (fun () -> $"GradientClippers[\"{key}\"]") clip.Invoke

    let private afterClippers (handles: Handles) (workspace: Workspace) progress losses canSkip early moves : Findings =
        let found =
            Array.append (take handles workspace moves) (MinerCounts.pending handles.TupleMiners.Values)

        let numbers, read =
            match early with
            | ValueSome numbers -> numbers, Readings.measured found
            | ValueNone -> WeightedLosses.read handles.RunKeys losses found

        MinerCounts.settle handles.TupleMiners.Values read
        let numbers = Finiteness.check handles.Precision progress numbers

        if canSkip && read |> Seq.truncate moves.Length |> Seq.exists isBroken then
            Findings.Overflow numbers
        else
            Findings.Finite(numbers, moves, refuseBroken handles workspace moves progress read)

    /// Lets clippers act on the gradients of the loss itself, and reads losses, gradients and what else must be finite, in one
    /// transfer. A clipper gets no gradients that are not finite, or of a loss that is not, so with clippers these are read first.
    /// Raises NotFiniteNumberException where something is not finite that a smaller scale of the loss would not mend.
    let check (handles: Handles) workspace (progress: Progress) (plan: Plan) rates scale losses : Findings =
        let left = GradientScale.remove handles scale
        let canSkip = scale |> Option.exists LossScale.canFall

        let moves () =
            GroupMove.ofGroups handles progress workspace.Before plan.Stepping rates left

        if handles.Clippers.IsEmpty then
            afterClippers handles workspace progress losses canSkip ValueNone (moves ())
        else
            match beforeClippers handles progress losses canSkip moves with
            | struct (numbers, true) ->
                let miners = handles.TupleMiners.Values
                MinerCounts.settle miners (Readings.measured (MinerCounts.pending miners))
                Findings.Overflow numbers
            | struct (numbers, false) ->
                clip handles
                // What a clipper makes of finite gradients is its own.
                afterClippers handles workspace progress losses false (ValueSome numbers) (moves ())
