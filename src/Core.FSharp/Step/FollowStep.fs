namespace MetricLearning.Core

open TorchSharp
open type TorchSharp.torch
open MetricLearning

/// Networks that follow others, in an iteration: one flat operation for each piece of a vector.
module internal FollowStep =

    let private ends (own: Vector) (leader: Vector) (following: Following) : struct (Tensor * Tensor) =
        let own = own.Tensor.narrow (0L, following.First, following.Count)
        let leader = leader.Tensor.narrow (0L, following.LeaderFirst, following.Count)
        struct (own, leader.to_type own.dtype)

    let private share (own: Tensor) (following: Following) : Tensor =
        AverageStep.share own.dtype (1.0 - following.Momentum)

    /// Gives what follows the numbers that it follows, before the first step.
    let start (following: Following[]) (vectors: Vector[]) : unit =
        use _ = NewDisposeScope()
        use _ = no_grad ()

        for each in following do
            let struct (own, leader) = ends vectors[each.Vector] vectors[each.Leader] each
            own.copy_ leader |> ignore

    // Buffers are the iteration's own: when the step is refused, they are what they were.
    let private followBuffers (handles: Handles) (workspace: Workspace) : unit =
        for each in handles.FollowingBuffers do
            let struct (own, leader) =
                ends workspace.Buffers[each.Vector] workspace.Buffers[each.Leader] each

            if own.is_floating_point () then
                AverageStep.takeFinite leader (share own each) own
            else
                own.copy_ leader |> ignore

    /// Before a step, when forward passes are done: lets buffers follow, and takes the memory for weights that will. One vector for
    /// each group that has such weights.
    let prepare (handles: Handles) (workspace: Workspace) : Vector voption[] =
        use _ = no_grad ()
        followBuffers handles workspace
        let follows = handles.Following |> Array.map _.Vector |> set

        workspace.Weights
        |> Array.mapi (fun index weights ->
            if follows.Contains index then
                ValueSome(Workspace.writable workspace weights)
            else
                ValueNone)

    /// After a step, when nothing may fail any more: lets weights follow the new ones.
    let finish (handles: Handles) (groups: GroupState[]) : unit =
        for each in handles.Following do
            let struct (own, leader) =
                ends groups[each.Vector].Weights groups[each.Leader].Weights each

            own.lerp_ (leader, share own each) |> ignore
