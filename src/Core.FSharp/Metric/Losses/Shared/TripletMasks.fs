namespace MetricLearning

open System
open TorchSharp

/// The triplets of a batch as two masks of its distance matrix (N × Nr): each positive pair of an anchor with each of its
/// negative pairs.
[<Sealed>]
type internal TripletMasks(positives: torch.Tensor, negatives: torch.Tensor) =

    /// True at positive pairs.
    member _.Positives = positives

    /// True at negative pairs.
    member _.Negatives = negatives

    /// The number of triplets: an int64 scalar.
    member _.Count() : torch.Tensor =
        (positives.sum 1L * negatives.sum 1L).sum()

    /// The triplets that an input asks for; none if masks cannot say which they are.
    static member TryOf(input: MetricInput, perAnchor: Nullable<int>) : TripletMasks option =
        ArgumentNullException.ThrowIfNull(input, nameof input)

        match input.Choice with
        | ChosenTuples.Listed Tuples.All when input.IsRemembered || not perAnchor.HasValue ->
            Some(TripletMasks(input.Matches(), input.Differs()))
        | ChosenTuples.Masks masks -> Some(TripletMasks(masks.Positives, masks.Negatives))
        | ChosenTuples.Listed(Tuples.Pairs(a1, p, a2, n)) when a1.size 0 > 0L && a2.size 0 > 0L ->
            let masks = TripletMasks(PairMasks.Mark(input, a1, p), PairMasks.Mark(input, a2, n))
            let marked = masks.Positives.sum () .+. masks.Negatives.sum ()
            // A pair that is listed twice is in twice as many triplets, which a mask cannot say.
            if marked.item<int64>() = a1.size 0 + a2.size 0 then
                Some masks
            else
                None
        | _ -> None
