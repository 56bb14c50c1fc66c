namespace MetricLearning

open System
open System.Collections.Generic
open System.Runtime.CompilerServices
open System.Runtime.InteropServices

/// Batches in which every class has m samples: rounds of classes in random order, m random samples of each.
///
/// A round has all classes, or, with a batch size, as many as fill it, chosen anew for each batch; so a pass need not
/// contain every class. A class with at least m samples gives m different ones; a smaller class gives m draws with
/// replacement. Give the trainer's batch size here.
[<Sealed>]
type MPerClassSampler
    /// <param name="labels">The label of each sample of the data set.</param>
    /// <param name="m">Samples of each class in a batch, from 1.</param>
    /// <param name="batchSize">A multiple of m, at most m times the number of classes; null: all classes.</param>
    /// <param name="lengthBeforeNewIter">Samples of a pass: whole rounds of them are given, at least one.</param>
    /// <exception cref="System.ArgumentException">The arguments do not fit each other; all mistakes are named.</exception>
    (
        labels: IReadOnlyList<int64>,
        m: int,
        [<Optional>] batchSize: Nullable<int>,
        [<Optional; DefaultParameterValue(100_000L)>] lengthBeforeNewIter: int64
    ) =
    inherit Sampler()

    do ArgumentNullException.ThrowIfNull(labels, nameof labels)

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

    /// The same with labels in any form that training data takes: an integer vector, a list of integers, enums or strings.
    [<OverloadResolutionPriority(-1)>]
    new
        (
            labels: obj,
            m: int,
            [<Optional>] batchSize: Nullable<int>,
            [<Optional; DefaultParameterValue(100_000L)>] lengthBeforeNewIter: int64
        ) =
        MPerClassSampler(
            (LabelMap.Classes(Arguments.given (nameof labels) labels) :> IReadOnlyList<int64>),
            m,
            batchSize,
            lengthBeforeNewIter
        )

    /// The whole rounds that fit lengthBeforeNewIter; lengthBeforeNewIter itself if not even one fits.
    override _.Length = Nullable(min lengthBeforeNewIter (rounds * perRound))

    /// The whole rounds that fit lengthBeforeNewIter, at least one.
    override _.PassLength = Nullable(rounds * perRound)

    /// The batch size it was made with; null: all classes, in batches of any size.
    override _.BatchSize = batchSize

    override _.Pass(seed, pass) =
        let seed = Seed.derive "m per class" pass seed

        seq {
            for number in 0L .. rounds - 1L do
                yield! round (Seed.derive "round" number seed)
        }
