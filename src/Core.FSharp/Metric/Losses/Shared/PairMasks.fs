namespace MetricLearning

open System
open TorchSharp

/// The pairs of a batch as masks of its distance matrix (N × Nr), for losses that look at whole rows. A pair that
/// tuples name twice is one pair.
[<Sealed>]
type PairMasks private (positive: torch.Tensor, negative: torch.Tensor, isEmpty: bool, anyNegative: Lazy<torch.Tensor>)
    =

    /// (N × Nr) true at positive pairs.
    member _.Positive = positive

    /// (N × Nr) true at negative pairs.
    member _.Negative = negative

    /// True if it is known, without waiting for the device, that there is no pair.
    member _.IsEmpty = isEmpty

    /// True if any anchor has a negative pair, one of another tile included: a scalar.
    member internal _.AnyNegative = anyNegative.Value

    /// (N × Nr) true at the pairs listed.
    static member internal Mark(input: MetricInput, anchors: torch.Tensor, others: torch.Tensor) : torch.Tensor =
        let device = input.Embeddings.device

        torch
            .zeros(input.Embeddings.size 0, input.RefEmbeddings.size 0, dtype = torch.ScalarType.Bool, device = device)
            .index_put_(torch.tensor (true, device = device), anchors, others)

    /// The pairs that an input asks for.
    static member Of(input: MetricInput) : PairMasks =
        ArgumentNullException.ThrowIfNull(input, nameof input)

        let positive, negative, isEmpty =
            match input.Choice with
            | ChosenTuples.Listed Tuples.All -> input.Matches(), input.Differs(), false
            | ChosenTuples.Masks masks -> masks.Positives, masks.Negatives, false
            | _ ->
                let struct (a1, p, a2, n) = input.Pairs()
                let struct (all1, _, all2, _) = input.Whole.Pairs()
                PairMasks.Mark(input, a1, p), PairMasks.Mark(input, a2, n), all1.size 0 + all2.size 0 = 0L

        let anyNegative =
            lazy
                (match input.Tile with
                 | null -> negative.any ()
                 | _ -> Presence.ofNegatives input)

        PairMasks(positive, negative, isEmpty, anyNegative)
