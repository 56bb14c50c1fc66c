namespace MetricLearning

open System.Runtime.CompilerServices
open TorchSharp

/// The numbers of samples that tuples may name: anchors are below `Rows`, positives and negatives below `References`.
[<Sealed>]
type internal TupleRange(rows: int64, references: int64) =
    member _.Rows = rows
    member _.References = references

/// Tuples whose indices are in range. Those of the library's own miners are known to be, so only a user's are looked at:
/// elsewhere than on the CPU the look waits for the device, once.
module internal TupleRanges =

    let private known = ConditionalWeakTable<Tuples, TupleRange>()

    /// The range that tuples are known to keep; null: none.
    let find (tuples: Tuples) : TupleRange | null =
        match known.TryGetValue tuples with
        | true, range -> range
        | _ -> null

    /// The same tuples, of which it is known that they keep a range.
    let mark (rows: int64) (references: int64) (tuples: Tuples) : Tuples =
        if not tuples.IsAll then
            known.AddOrUpdate(tuples, TupleRange(rows, references))

        tuples

    /// Other tuples of the same samples: what is known of the first, whose references have moved by `offset`, holds for them.
    let carry (offset: int64) (first: Tuples) (other: Tuples) : Tuples =
        match find first with
        | null -> other
        | range -> mark range.Rows (range.References + offset) other

    /// Tuples on the device of the embeddings.
    let onDeviceOf (embeddings: torch.Tensor) (tuples: Tuples) : Tuples =
        match tuples with
        | Tuples.All -> tuples
        | given ->
            given
            |> Tuples.map (fun indices -> indices.``to`` embeddings.device)
            |> carry 0L given

    let private outside (size: int64) (parts: torch.Tensor[]) : struct (int64 * int64) voption =
        let indices = torch.cat (parts, 0L)

        if indices.size 0 = 0L then
            ValueNone
        else
            let struct (low, high) = indices.aminmax ()
            let ends = torch.stack([| low; high |]).cpu().data<int64>().ToArray()

            if ends[0] < 0L || ends[1] >= size then
                ValueSome(struct (ends[0], ends[1]))
            else
                ValueNone

    let private refuse (what: string) (set: string) (size: int64) (parts: torch.Tensor[]) : unit =
        match outside size parts with
        | ValueNone -> ()
        | ValueSome(struct (low, high)) ->
            invalidArg
                "tuples"
                $"The indices of {what} go from {low} to {high}, but {set} has {size} rows: they must be at least 0 and below {size}."

    /// An ArgumentException if tuples name samples that a batch of `rows`, or a reference set of `references`, does not have.
    let check (rows: int64) (references: int64) (tuples: Tuples) : unit =
        let isKnown =
            match find tuples with
            | null -> false
            | range -> range.Rows <= rows && range.References <= references

        if not isKnown then
            use _ = torch.NewDisposeScope()

            let refuseOthers (parts: torch.Tensor[]) =
                refuse "positives and negatives" "the reference set, or the batch where there is none," references parts

            match tuples with
            | Tuples.All -> ()
            | Tuples.Pairs(a1, p, a2, n) ->
                refuse "anchors" "the batch" rows [| a1; a2 |]
                refuseOthers [| p; n |]
            | Tuples.Triplets(a, p, n) ->
                refuse "anchors" "the batch" rows [| a |]
                refuseOthers [| p; n |]
