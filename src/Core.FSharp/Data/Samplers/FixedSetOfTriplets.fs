namespace MetricLearning

open System
open System.Collections.Generic
open System.Runtime.CompilerServices

/// The same random triplets in every pass, in a new order each time: anchor, positive, negative, anchor, positive,
/// negative, … Anchor and positive are two samples of a random class (the same one twice if it has no other), the negative
/// is one of another. For batch sizes that are multiples of 3, with EmbeddingsAlreadyPackagedAsTriplets.
[<Sealed>]
type FixedSetOfTriplets
    /// <param name="labels">The label of each sample of the data set; at least two are different.</param>
    /// <param name="numTriplets">The number of triplets, from 1.</param>
    (labels: IReadOnlyList<int64>, numTriplets: int) =
    inherit Sampler()

    do ArgumentNullException.ThrowIfNull(labels, nameof labels)

    let classes =
        ClassMembers.ofLabels labels |> Array.map (fun struct (_, members) -> members)

    do
        if numTriplets < 1 then
            invalidArg (nameof numTriplets) $"numTriplets is {numTriplets}: it must be at least 1."

        if classes.Length < 2 then
            invalidArg
                (nameof labels)
                $"A triplet needs two different labels; there are {classes.Length}: give the labels of at least two classes."

    let triplet (seed: Seed) =
        let chosen = Seed.choose 2 classes.Length (Seed.derive "classes" 0L seed)
        let own, other = classes[chosen[0]], classes[chosen[1]]

        [|
            yield! ClassMembers.draw 2 (Seed.derive "members" 0L seed) own
            other[int (Seed.below other.LongLength 0L (Seed.derive "negative" 0L seed))]
        |]

    /// The same with labels in any form that training data takes: an integer vector, a list of integers, enums or strings.
    [<OverloadResolutionPriority(-1)>]
    new(labels: obj, numTriplets: int) =
        FixedSetOfTriplets(
            (LabelMap.Classes(Arguments.given (nameof labels) labels) :> IReadOnlyList<int64>),
            numTriplets
        )

    override _.Length = Nullable(3L * int64 numTriplets)

    override _.Pass(seed, pass) =
        let order =
            Seed.shuffle [| 0 .. numTriplets - 1 |] (Seed.derive "order of triplets" pass seed)

        seq {
            for number in order do
                yield! triplet (Seed.derive "triplet" (int64 number) seed)
        }
