namespace MetricLearning

open System
open System.Collections.Generic
open System.Runtime.CompilerServices
open System.Runtime.InteropServices

/// Batches in which no key comes twice, with every sample once a pass: for losses that take all other samples of a batch for negatives,
/// as with two views of each sample. A key says what must not meet itself: a label, a text, the hash of a picture.
///
/// There are as few batches as there can be. Where one key has more samples than there are full batches, the last batches are smaller.
/// The trainer's batch size is not used.
[<Sealed>]
type NoDuplicatesBatchSampler
    /// <param name="keys">The key of each sample of the data set.</param>
    /// <param name="batchSize">The most samples of a batch, from 1.</param>
    /// <param name="dropLast">Leaves out the batches that are smaller.</param>
    /// <exception cref="System.ArgumentException">There are no keys, the batch size is below 1, or no batch is full and smaller ones are
    /// left out.</exception>
    (keys: IReadOnlyList<int64>, batchSize: int, [<Optional; DefaultParameterValue(false)>] dropLast: bool) =
    inherit BatchSampler()

    do ArgumentNullException.ThrowIfNull(keys, nameof keys)

    let members =
        ClassMembers.ofLabels keys |> Array.map (fun struct (_, members) -> members)

    let units = members |> Array.map _.Length

    do
        let mistakes =
            [
                if keys.Count = 0 then
                    "keys is empty: give one key per sample."
                if batchSize < 1 then
                    $"batchSize is {batchSize}: it must be at least 1."
                elif dropLast && keys.Count > 0 && members.Length < batchSize then
                    $"batchSize is {batchSize}, but there are {members.Length} different keys: no batch would be full, and dropLast leaves out all."
            ]

        if not mistakes.IsEmpty then
            raise (ArgumentException("NoDuplicatesBatchSampler: " + String.Join(" ", mistakes)))

    let isWanted (batch: int[]) =
        not dropLast || batch.Length = batchSize

    // Chance decides which keys come, and not how many.
    let length =
        lazy
            (if dropLast then
                 SpreadClasses.batches batchSize units (Seed.ofInt64 0L)
                 |> Array.filter isWanted
                 |> Array.length
                 |> int64
             else
                 SpreadClasses.count batchSize units)

    /// The same with keys in any form that labels have in training data: an integer vector, a list of integers, enums or strings.
    [<OverloadResolutionPriority(-1)>]
    new(keys: obj, batchSize: int, [<Optional; DefaultParameterValue(false)>] dropLast: bool) =
        NoDuplicatesBatchSampler(
            (LabelMap.Classes(Arguments.given (nameof keys) keys) :> IReadOnlyList<int64>),
            batchSize,
            dropLast
        )

    /// The number of batches of a pass.
    override _.Length = Nullable length.Value

    override _.Pass(seed, pass) =
        let seed = Seed.derive "no duplicates" pass seed

        seq {
            let orders =
                members
                |> Array.mapi (fun chosen own -> Seed.shuffle own (Seed.derive "samples" (int64 chosen) seed))

            let given = Array.zeroCreate<int> members.Length

            for chosen in SpreadClasses.batches batchSize units (Seed.derive "keys" 0L seed) do
                let batch =
                    chosen
                    |> Array.map (fun key ->
                        given[key] <- given[key] + 1
                        orders[key][given[key] - 1])

                if isWanted chosen then
                    batch
        }
