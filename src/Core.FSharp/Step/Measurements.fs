namespace MetricLearning.Core

open System
open TorchSharp
open type TorchSharp.torch
open MetricLearning

/// How large the numbers are that a step starts from.
[<NoEquality; NoComparison>]
type internal Measurements =
    {
        /// The gradients of each group; 0 where it does not step.
        Gradients: float[]
        /// The weights of each group; 0 where it neither steps nor was written by the forward pass.
        Weights: float[]
    }

/// What an iteration came to before its step, all of it finite.
[<NoEquality; NoComparison>]
type internal Finite =
    {
        /// By name, with their sum.
        Losses: Map<string, float>
        /// What the step does to each group.
        Moves: GroupMove[]
        /// How large the numbers are that it starts from.
        Measured: Measurements
    }

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
                match move with
                | GroupMove.ByRule(_, _, gradients)
                | GroupMove.Opaque(_, ValueSome gradients) -> gradients.Magnitude
                | GroupMove.Opaque(_, ValueNone)
                | GroupMove.Still -> none
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
                    Finiteness.refuseGradients progress handles.Groups[index] broken gradients[index]
                | _ -> ()

            if not (Double.IsFinite weights[index]) then
                Finiteness.refuseWeights progress handles.Groups[index] workspace.Weights[index].Tensor weights[index]

        for index in 0 .. handles.Buffers.Length - 1 do
            if not (Double.IsFinite found[2 * count + index]) then
                Finiteness.checkBuffers
                    progress
                    handles.Buffers[index].Layout
                    (Workspace.before workspace workspace.Before.Buffers[index])
                    workspace.Buffers[index].Tensor

        {
            Gradients = gradients
            Weights = weights
        }

    /// Lets clippers act, and reads losses, gradients and what else must be finite, in one transfer. A clipper gets no gradients
    /// of a loss that is not finite, so with clippers the losses are read first.
    /// Raises NotFiniteNumberException where something is not finite.
    let check (handles: Handles) (workspace: Workspace) (progress: Progress) (plan: Plan) rates losses : Finite =
        let early =
            if handles.Clippers.IsEmpty then
                None
            else
                WeightedLosses.read handles.RunKeys losses [||]
                |> fst
                |> Finiteness.check progress
                |> Some

        for key, clip in handles.Clippers do
            Parts.run (fun () -> $"GradientClippers[\"{key}\"]") clip.Invoke

        let moves = GroupMove.ofGroups handles progress workspace.Before plan.Stepping rates

        let found =
            Array.append (take handles workspace moves) (MinerCounts.pending handles.TupleMiners.Values)

        let numbers, read =
            match early with
            | Some numbers -> numbers, Readings.measured found
            | None -> WeightedLosses.read handles.RunKeys losses found

        MinerCounts.settle handles.TupleMiners.Values read

        {
            Losses = Finiteness.check progress numbers
            Moves = moves
            Measured = refuseBroken handles workspace moves progress read
        }
