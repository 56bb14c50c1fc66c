namespace MetricLearning

open System
open System.Runtime.InteropServices

/// Batches from a few super-classes each, a few samples of a class, so that the other classes of a batch are hard to tell
/// apart (as in Cakir et al. 2019, "Deep metric learning to rank"): `batchesPerSuperTuple` batches for every combination of
/// super-classes, in random order.
///
/// Each super-class of a batch fills its equal part of the batch with random classes. A super-class with too few classes
/// makes the batch smaller. The trainer's batch size is not used.
[<Sealed>]
type HierarchicalSampler
    /// <param name="labels">A row of levels per sample: a matrix (N × levels), a two-dimensional array, a list of tuples or
    /// arrays; integers or strings.</param>
    /// <param name="batchSize">A multiple of superClassesPerBatch.</param>
    /// <param name="samplesPerClass">Samples of each class in a batch (of a smaller class with replacement); they must divide
    /// the part that a super-class has in it. Null: whole classes, as long as they fit.</param>
    /// <param name="batchesPerSuperTuple">Batches of a pass for each combination of super-classes.</param>
    /// <param name="superClassesPerBatch">Super-classes in a batch.</param>
    /// <param name="innerLabel">The level of the classes, from 0.</param>
    /// <param name="outerLabel">The level of the super-classes, from 0.</param>
    /// <exception cref="System.ArgumentException">The arguments do not fit each other; all mistakes are named.</exception>
    (
        labels: obj,
        batchSize: int,
        samplesPerClass: Nullable<int>,
        [<Optional; DefaultParameterValue(4)>] batchesPerSuperTuple: int,
        [<Optional; DefaultParameterValue(2)>] superClassesPerBatch: int,
        [<Optional; DefaultParameterValue(0)>] innerLabel: int,
        [<Optional; DefaultParameterValue(1)>] outerLabel: int
    ) =
    inherit BatchSampler()

    let levels = LabelMap.Levels(Arguments.given (nameof labels) labels)

    let level (name: string) (chosen: int) : int64[] =
        if chosen >= 0 && chosen < levels.Length then
            levels[chosen]
        else
            invalidArg name $"{name} is {chosen}, but the labels have {levels.Length} level(s), counted from 0."

    // Super-class → class → samples. One inner label under two super-classes is two classes.
    let superClasses =
        Array.map2
            (fun outer inner -> struct (outer, inner))
            (level (nameof outerLabel) outerLabel)
            (level (nameof innerLabel) innerLabel)
        |> ClassMembers.ofLabels
        |> Array.groupBy (fun struct (struct (outer, _), _) -> outer)
        |> Array.map (fun (_, classes) -> classes |> Array.map (fun struct (_, members) -> members))

    let part =
        if superClassesPerBatch < 1 then
            0
        else
            batchSize / superClassesPerBatch

    do
        let mistakes =
            [
                if superClasses.Length < superClassesPerBatch then
                    $"superClassesPerBatch is {superClassesPerBatch}, but there are {superClasses.Length} different outer labels."
                if superClassesPerBatch < 1 then
                    $"superClassesPerBatch is {superClassesPerBatch}: it must be at least 1."
                elif batchSize < 1 || batchSize % superClassesPerBatch <> 0 then
                    $"batchSize is {batchSize}: it must be a multiple of superClassesPerBatch, {superClassesPerBatch}."
                elif
                    samplesPerClass.HasValue
                    && (samplesPerClass.Value < 1 || part % samplesPerClass.Value <> 0)
                then
                    $"samplesPerClass is {samplesPerClass.Value}: it must divide the {part} samples that a super-class has in a batch."
                if batchesPerSuperTuple < 1 then
                    $"batchesPerSuperTuple is {batchesPerSuperTuple}: it must be at least 1."
            ]

        if not mistakes.IsEmpty then
            raise (ArgumentException("HierarchicalSampler: " + String.Join(" ", mistakes)))

    let rec combinations (size: int) (first: int) : int list list =
        if size = 0 then
            [ [] ]
        else
            [
                for chosen in first .. superClasses.Length - size do
                    for others in combinations (size - 1) (chosen + 1) -> chosen :: others
            ]

    let superTuples = combinations superClassesPerBatch 0 |> List.toArray

    let samplesOf (seed: Seed) (classes: int64[][]) =
        let found = ResizeArray<int64>()

        let order =
            Seed.shuffle [| 0 .. classes.Length - 1 |] (Seed.derive "classes" 0L seed)

        for chosen in order do
            let members = classes[chosen]

            let count =
                if samplesPerClass.HasValue then
                    samplesPerClass.Value
                else
                    members.Length

            if found.Count + count <= part then
                found.AddRange(ClassMembers.draw count (Seed.derive "members" (int64 chosen) seed) members)

        found.ToArray()

    let batch (seed: Seed) (superTuple: int list) =
        let samples =
            [|
                for chosen in superTuple do
                    yield! samplesOf (Seed.derive "super-class" (int64 chosen) seed) superClasses[chosen]
            |]

        Seed.shuffle samples (Seed.derive "order in batch" 0L seed)

    /// Combinations of super-classes times `batchesPerSuperTuple`.
    override _.Length = Nullable(superTuples.LongLength * int64 batchesPerSuperTuple)

    override this.Pass(seed, pass) =
        let seed = Seed.derive "hierarchical" pass seed

        let order =
            Seed.shuffle [| 0 .. int this.Length.Value - 1 |] (Seed.derive "order of batches" 0L seed)

        seq {
            for number in order do
                batch (Seed.derive "batch" (int64 number) seed) superTuples[number / batchesPerSuperTuple]
        }
