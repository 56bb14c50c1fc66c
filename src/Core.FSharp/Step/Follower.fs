namespace MetricLearning.Core

open MetricLearning

/// A network that follows another one, as a momentum encoder does: it starts with the other's weights, and after every step each
/// of its weights and buffers is `Momentum` times what it was and 1 − `Momentum` times the other's. It is in evaluation mode and
/// gets no gradient.
type Follower =
    {
        /// Its key in `Models`.
        Network: string
        /// The key of the network that it follows.
        Leader: string
        /// The share of itself that it keeps in a step, from 0 to 1.
        Momentum: float
    }

/// Numbers that stand side by side in a flat vector, and follow as many in another one, or elsewhere in the same.
type Following =
    {
        /// The number of their vector.
        Vector: int
        /// The first of them.
        First: int64
        /// The number of the vector that they follow.
        Leader: int
        /// The first number there.
        LeaderFirst: int64
        /// The count of these numbers.
        Count: int64
        /// The share of themselves that they keep in a step, from 0 to 1.
        Momentum: float
    }

/// The pieces of vectors that follow others.
module internal Following =

    let private continues (last: Following) (next: Following) : bool =
        { last with
            First = last.First + last.Count
            LeaderFirst = last.LeaderFirst + last.Count
            Count = next.Count
        }
            =
            next

    /// The same in as few pieces as can be.
    let joined (pieces: Following list) : Following[] =
        ([], List.sort pieces)
        ||> List.fold (fun found next ->
            match found with
            | last :: earlier when continues last next ->
                { last with
                    Count = last.Count + next.Count
                }
                :: earlier
            | _ -> next :: found)
        |> List.rev
        |> Array.ofList
