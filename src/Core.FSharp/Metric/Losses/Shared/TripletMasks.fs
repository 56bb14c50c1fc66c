namespace MetricLearning

open MetricLearning.Core
open System
open TorchSharp

/// The triplets of a batch as two masks of its distance matrix: each positive pair of an anchor with each of its negative
/// pairs.
module internal TripletMasks =

    /// Positive and negative pairs (N × Nr); none where the triplets that an input asks for are other ones.
    let tryOf (input: MetricInput) (perAnchor: Nullable<int>) : struct (torch.Tensor * torch.Tensor) option =
        match input.Tuples with
        | Tuples.All when input.IsRemembered || not perAnchor.HasValue ->
            Some(struct (input.Matches(), input.Differs()))
        | Tuples.Pairs(a1, p, a2, n) when a1.size 0 > 0L && a2.size 0 > 0L ->
            let positives = PairMasks.Mark(input, a1, p)
            let negatives = PairMasks.Mark(input, a2, n)

            // A pair that is listed twice is in twice as many triplets, which a mask cannot say.
            if (positives.sum () + negatives.sum ()).item<int64>() = a1.size 0 + a2.size 0 then
                Some(struct (positives, negatives))
            else
                None
        | _ -> None
