namespace MetricLearning

open MetricLearning.Core

/// Dividing samples into two parts at random: the places of each part, in their order.
module internal Splits =

    // At least one on either side.
    let private part (fraction: float) (count: int) : int =
        max 1 (min (count - 1) (int (round (fraction * float count))))

    let private divided (isFirst: bool[]) : struct (int[] * int[]) =
        let first, second =
            [| 0 .. isFirst.Length - 1 |] |> Array.partition (fun place -> isFirst[place])

        struct (first, second)

    /// Whole classes.
    let byClass (codes: int[]) (fraction: float) (seed: Seed) : struct (int[] * int[]) =
        let classes = codes |> Array.distinct |> Array.sort

        if classes.Length < 2 then
            invalidOp $"The pictures are of {classes.Length} class(es): a split by class needs two."

        let chosen =
            Seed.shuffle classes (Seed.derive "split by class" 0L seed)
            |> Array.take (part fraction classes.Length)
            |> set

        divided (codes |> Array.map chosen.Contains)

    /// Samples of every class: the fraction of them, rounded up or down by chance, but one on either side if the class has two.
    let bySample (codes: int[]) (fraction: float) (seed: Seed) : struct (int[] * int[]) =
        let seed = Seed.derive "split by sample" 0L seed
        let isFirst = Array.zeroCreate<bool> codes.Length

        for code, members in codes |> Array.indexed |> Array.groupBy snd do
            let seed = Seed.derive "class" (int64 code) seed
            let wanted = int (fraction * float members.Length + float (Draws.unit' 0 seed))

            let taken =
                if members.Length = 1 then
                    wanted
                else
                    max 1 (min (members.Length - 1) wanted)

            for place, _ in Array.take taken (Seed.shuffle members (Seed.derive "members" 0L seed)) do
                isFirst[place] <- true

        divided isFirst
