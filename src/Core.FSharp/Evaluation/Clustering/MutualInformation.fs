namespace MetricLearning

open System

/// Scores of a clustering against classes, from 0 (chance) or below to 1 (the same partition), whatever the clusters are
/// called (Vinh, Epps & Bailey 2010, "Information theoretic measures for clusterings comparison"). Normalised by the
/// arithmetic mean of both entropies, as scikit-learn does. Natural logarithms.
module internal MutualInformation =

    let private epsilon = 2.220446049250313e-16

    let private entropy (count: int64) (sizes: int64[]) : float =
        let count = float count

        -(sizes
          |> Array.sumBy (fun size -> float size / count * (log (float size) - log count)))

    /// Between classes and clusters.
    let ofTable (table: Contingency) : float =
        if table.Classes.Length <= 1 || table.Clusters.Length <= 1 then
            0.0
        else
            let count = float table.Count

            table.Cells
            |> Array.sumBy (fun struct (row, column, samples) ->
                let samples = float samples
                let product = float table.Classes[row] * float table.Clusters[column]
                let term = samples / count * (log samples + log count - log product)
                if abs term < epsilon then 0.0 else term)
            |> max 0.0

    // ln n! for n from 0, summed with compensation.
    let private logFactorials (most: int64) : float[] =
        let sums = Array.zeroCreate<float>(int most + 1)
        let mutable lost = 0.0

        for n in 1 .. int most do
            let term = log (float n) - lost
            let sum = sums[n - 1] + term
            lost <- (sum - sums[n - 1]) - term
            sums[n] <- sum

        sums

    /// The expectation by chance for the same sizes of classes and clusters (eq. 24a there).
    let expected (table: Contingency) : float =
        let count = table.Count
        let logs = logFactorials count
        let log' (n: int64) = logs[int n]

        // Equal sizes give equal terms.
        let distinct (sizes: int64[]) = sizes |> Array.countBy id

        let term (a: int64) (b: int64) =
            let constant = log' a + log' b + log' (count - a) + log' (count - b) - log' count

            let mutable sum = 0.0

            for n in max 1L (a + b - count) .. min a b do
                let share = float n / float count
                let information = log (float count) + log (float n) - log (float a) - log (float b)

                let probability =
                    exp (constant - log' n - log' (a - n) - log' (b - n) - log' (count - a - b + n))

                sum <- sum + share * information * probability

            sum

        let sizes = distinct table.Clusters

        distinct table.Classes
        |> Array.sumBy (fun (a, classes) ->
            sizes
            |> Array.sumBy (fun (b, clusters) -> float classes * float clusters * term a b))

    let private isTrivial (table: Contingency) : bool =
        table.Classes.Length = table.Clusters.Length && table.Classes.Length <= 1

    let private meanEntropy (table: Contingency) : float =
        (entropy table.Count table.Classes + entropy table.Count table.Clusters) / 2.0

    /// Normalised mutual information (NMI).
    let normalized (table: Contingency) : float =
        if isTrivial table then
            1.0
        else
            match ofTable table with
            | shared when shared <= epsilon -> 0.0
            | shared -> shared / meanEntropy table

    // Any two such labellings are the same partition: chance is as good as can be.
    let private isAllAlone (table: Contingency) : bool =
        table.Classes.LongLength = table.Count
        && table.Clusters.LongLength = table.Count

    /// Mutual information adjusted for chance (AMI). 0 where chance is perfect.
    let adjusted (table: Contingency) : float =
        if isTrivial table then
            1.0
        elif isAllAlone table then
            0.0
        else
            let chance = expected table
            let room = meanEntropy table - chance

            (ofTable table - chance)
            / (if room < 0.0 then min room -epsilon else max room epsilon)
