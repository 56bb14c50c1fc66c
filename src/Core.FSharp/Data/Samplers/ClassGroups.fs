namespace MetricLearning

/// The samples of each class in random order, dealt out in groups of m. The last group of a class is filled up with others of the class; of
/// a class with fewer than m samples some come more than once. Groups beyond the last are of another order.
[<Sealed>]
type internal ClassGroups(members: int64[][], m: int, seed: Seed) =
    let orders =
        members
        |> Array.mapi (fun chosen own -> Seed.shuffle own (Seed.derive "samples" (int64 chosen) seed))

    let given = Array.zeroCreate<int> members.Length

    let rec group (order: int64[]) (number: int) (seed: Seed) : int64[] =
        let first = number * m

        if first >= order.Length then
            group (Seed.shuffle order (Seed.derive "again" 0L seed)) 0 seed
        else
            let own = order[first .. min (first + m) order.Length - 1]
            let missing = m - own.Length

            if missing = 0 then
                own
            else
                // Others of the class, or, where it has too few, the same again.
                let before = if first = 0 then own else order[.. first - 1]
                Array.append own (ClassMembers.draw missing seed before)

    /// The number of groups that it takes to give every sample of each class.
    static member Counts(members: int64[][], m: int) : int[] =
        members |> Array.map (fun own -> (own.Length + m - 1) / m)

    /// The next group of a class.
    member _.Next(chosen: int, seed: Seed) : int64[] =
        let found =
            group orders[chosen] given[chosen] (Seed.derive "group" (int64 chosen) seed)

        given[chosen] <- given[chosen] + 1
        found
