namespace MetricLearning.Core

open MetricLearning

/// The part of a pass that only the user's own sequence knows, and that a state must remember.
[<RequireQualifiedAccess>]
type PassMemory =
    /// Nothing: the pass is a function of seed and number, or a user's own pass that has not begun.
    | Nothing
    /// The indices of this pass, cut into batches by the trainer's batch size.
    | Indices of int64[]
    /// The batches of this pass.
    | Batches of int64[][]
    /// A sequence of more than 1,000,000 indices: only how many batches were taken is remembered, so it must
    /// give the same items each time it is enumerated.
    | Endless

/// A position in the order of data: a plain value, part of every training state.
type Cursor =
    {
        /// The number of the pass over the data, from 0.
        Pass: int64
        /// The number of batches taken from it.
        Taken: int64
        /// The output of a user's own sequence for this pass.
        PassMemory: PassMemory
    }

/// Moving through the order of data.
module Cursor =

    /// Before the first batch of pass 0.
    let start: Cursor =
        {
            Pass = 0L
            Taken = 0L
            PassMemory = PassMemory.Nothing
        }

    /// Before the first batch of the pass after the cursor's.
    let nextPass (cursor: Cursor) : Cursor = { start with Pass = cursor.Pass + 1L }

    /// Before the first batch of a pass of which nothing was taken: the cursor's own, or the next. Training calls begin
    /// here.
    let freshPass (cursor: Cursor) : Cursor =
        if cursor.Taken = 0L then cursor else nextPass cursor

    /// Equality that compares long passes only where it must.
    let internal same (one: Cursor) (other: Cursor) : bool =
        one.Pass = other.Pass
        && one.Taken = other.Taken
        && (obj.ReferenceEquals(one.PassMemory, other.PassMemory)
            || one.PassMemory = other.PassMemory)

    /// The cursor as numbers, to be written down: pass, taken, what kind of memory, and its items.
    let toNumbers (cursor: Cursor) : int64[] =
        [|
            cursor.Pass
            cursor.Taken
            match cursor.PassMemory with
            | PassMemory.Nothing -> 0L
            | PassMemory.Endless -> 1L
            | PassMemory.Indices indices ->
                2L
                yield! indices
            | PassMemory.Batches batches ->
                3L

                for batch in batches do
                    batch.LongLength
                    yield! batch
        |]

    /// The cursor that `toNumbers` wrote down. ArgumentException if these are no such numbers.
    let ofNumbers (numbers: int64[]) : Cursor =
        let broken () =
            invalidArg (nameof numbers) "These numbers are not a written position in the order of data."

        let batches () =
            let found = ResizeArray<int64[]>()
            let mutable place = 3

            while place < numbers.Length do
                let length = numbers[place]

                if length < 0L || length >= int64 (numbers.Length - place) then
                    broken ()

                found.Add numbers[place + 1 .. place + int length]
                place <- place + 1 + int length

            found.ToArray()

        if numbers.Length < 3 || numbers[0] < 0L || numbers[1] < 0L then
            broken ()

        {
            Pass = numbers[0]
            Taken = numbers[1]
            PassMemory =
                match numbers[2] with
                | 0L when numbers.Length = 3 -> PassMemory.Nothing
                | 1L when numbers.Length = 3 -> PassMemory.Endless
                | 2L -> PassMemory.Indices numbers[3..]
                | 3L -> PassMemory.Batches(batches ())
                | _ -> broken ()
        }
