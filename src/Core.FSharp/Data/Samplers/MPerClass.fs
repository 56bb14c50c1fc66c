namespace MetricLearning

open MetricLearning.Core
open System
open System.Collections.Generic

/// Rounds of classes in random order, m random samples of each: batches in which every class has m members.
///
/// A round has all classes, or as many as fill `batchSize` when that is given. A class with at least m samples gives m
/// different ones; a smaller class gives m draws with replacement. With a batch size, successive rounds choose their
/// classes independently, so a pass need not show every class. The guarantee holds for batches of the trainer's batch
/// size only if both batch sizes agree.
[<Sealed>]
type MPerClass(labels: IReadOnlyList<int64>, m: int, batchSize: Nullable<int>, lengthBeforeNewIter: int64) =
    inherit Sampler()

    let members =
        ClassMembers.ofLabels labels |> Array.map (fun struct (_, members) -> members)

    let all = int64 m * int64 members.Length

    do
        let mistakes =
            [
                if labels.Count = 0 then
                    "labels is empty: give one label per sample."
                if m < 1 then
                    $"m is {m}: it must be at least 1."
                if not batchSize.HasValue && lengthBeforeNewIter < 1L then
                    $"lengthBeforeNewIter is {lengthBeforeNewIter}: it must be at least 1."
                if batchSize.HasValue && batchSize.Value < 1 then
                    $"batchSize is {batchSize.Value}: it must be at least 1."
                if batchSize.HasValue && m >= 1 && batchSize.Value % m <> 0 then
                    $"m is {m} and batchSize {batchSize.Value}: m must divide batchSize without remainder."
                if batchSize.HasValue && m >= 1 && all < int64 batchSize.Value then
                    $"m is {m} and there are {members.Length} different labels, which make {all} samples: \
                    m times the number of labels must be at least batchSize, {batchSize.Value}."
                if batchSize.HasValue && lengthBeforeNewIter < int64 batchSize.Value then
                    $"lengthBeforeNewIter is {lengthBeforeNewIter}: it must be at least batchSize, {batchSize.Value}."
            ]

        if not mistakes.IsEmpty then
            raise (ArgumentException("MPerClassSampler: " + String.Join(" ", mistakes)))

    let classesPerRound =
        if batchSize.HasValue then
            batchSize.Value / m
        else
            members.Length

    let perRound = int64 m * int64 classesPerRound
    let rounds = max 1L (lengthBeforeNewIter / perRound)

    let round (seed: Seed) =
        Seed.choose classesPerRound members.Length seed
        |> Array.mapi (fun place chosen ->
            ClassMembers.draw m (Seed.derive "members" (int64 place) seed) members[chosen])
        |> Array.concat

    /// Whole rounds only, as many as fit lengthBeforeNewIter; lengthBeforeNewIter itself where not even one fits.
    override _.Length = Nullable(min lengthBeforeNewIter (rounds * perRound))

    /// Whole rounds only: as many as fit lengthBeforeNewIter, but at least one.
    override _.PassLength = Nullable(rounds * perRound)

    override _.Pass(seed, pass) =
        let seed = Seed.derive "m per class" pass seed

        seq {
            for number in 0L .. rounds - 1L do
                yield! round (Seed.derive "round" number seed)
        }
