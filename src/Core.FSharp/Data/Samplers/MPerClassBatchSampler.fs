namespace MetricLearning

open System
open System.Collections.Generic
open System.Runtime.CompilerServices
open System.Runtime.InteropServices

/// Batches of m samples of each of some classes, in which every sample of the data set comes at least once a pass.
///
/// The samples of a class, in random order, are dealt out in groups of m; the last group is filled up with others of the class, of a
/// class with fewer than m samples by draws with replacement. A batch takes a group of each of its classes. There are as few batches
/// as there can be; where too few classes have samples left, a batch is filled up with random samples of others. The trainer's batch
/// size is not used.
[<Sealed>]
type MPerClassBatchSampler
    /// <param name="labels">The label of each sample of the data set.</param>
    /// <param name="m">Samples of each class in a batch, from 1.</param>
    /// <param name="batchSize">A multiple of m, at most m times the number of classes.</param>
    /// <exception cref="System.ArgumentException">The arguments do not fit each other; all mistakes are named.</exception>
    (labels: IReadOnlyList<int64>, m: int, batchSize: int) =
    inherit BatchSampler()

    do ArgumentNullException.ThrowIfNull(labels, nameof labels)

    let members =
        ClassMembers.ofLabels labels |> Array.map (fun struct (_, members) -> members)

    do
        let mistakes =
            [
                if labels.Count = 0 then
                    "labels is empty: give one label per sample."
                if m < 1 then
                    $"m is {m}: it must be at least 1."
                elif batchSize < 1 || batchSize % m <> 0 then
                    $"batchSize is {batchSize}: it must be a multiple of m, {m}."
                elif int64 m * members.LongLength < int64 batchSize then
                    $"batchSize is {batchSize} and m {m}: a batch has {batchSize / m} classes, but there are {members.Length} different labels."
            ]

        if not mistakes.IsEmpty then
            raise (ArgumentException("MPerClassBatchSampler: " + String.Join(" ", mistakes)))

    let width = batchSize / m
    let groups = ClassGroups.Counts(members, m)

    /// The same with labels in any form that training data takes: an integer vector, a list of integers, enums or strings.
    [<OverloadResolutionPriority(-1)>]
    new(labels: obj, m: int, batchSize: int) =
        MPerClassBatchSampler(
            (LabelMap.Classes(Arguments.given (nameof labels) labels) :> IReadOnlyList<int64>),
            m,
            batchSize
        )

    /// The number of batches of a pass.
    override _.Length = Nullable(SpreadClasses.count width groups)

    override _.Pass(seed, pass) =
        let seed = Seed.derive "m per class, evenly" pass seed

        seq {
            let dealt = ClassGroups(members, m, seed)
            let batches = SpreadClasses.batches width groups (Seed.derive "classes" 0L seed)

            for number, classes in Array.indexed batches do
                let seed = Seed.derive "batch" (int64 number) seed

                [|
                    for chosen in Array.append classes (SpreadClasses.others width members.Length classes seed) do
                        yield! dealt.Next(chosen, seed)
                |]
        }
