namespace MetricLearning

open MetricLearning.Core
open System
open TorchSharp

/// Triplets, each worth f(a,p) + g(a,n): positive pairs times the number of their anchor's negatives, negative pairs times
/// that of its positives. Neither time nor memory grows with the number of triplets.
[<Sealed>]
type internal SeparableTriplets(positives: torch.Tensor, negatives: torch.Tensor) =

    let eachPositive = positives.sum 1L
    let eachNegative = negatives.sum 1L

    let sums (ofPositive: torch.Tensor) (ofNegative: torch.Tensor) =
        (ofPositive * positives).sum 1L * eachNegative
        + (ofNegative * negatives).sum 1L * eachPositive

    /// Σ f(a,p) + g(a,n) of values that broadcast to (N × Nr), in at least 32 bits: a scalar like the first.
    member _.Sum(ofPositive: torch.Tensor, ofNegative: torch.Tensor) : torch.Tensor =
        (sums ofPositive ofNegative).sum(torch.ScalarType.Float64).to_type ofPositive.dtype

    /// In how many triplets the positive pair meets the first condition (N × Nr), and in how many the negative pair meets the
    /// second, added: an int64 scalar.
    member _.CountWhere(ofPositive: torch.Tensor, ofNegative: torch.Tensor) : torch.Tensor =
        (sums ofPositive ofNegative).sum()

    /// How many triplets there are: an int64 scalar.
    member _.Count() : torch.Tensor = (eachPositive * eachNegative).sum()

/// Separable triplets as elements. What asks for more than sums and counts gets the triplets one by one.
[<Sealed>]
type internal SeparableElements
    (
        name: string,
        triplets: SeparableTriplets,
        ofPositive: torch.Tensor,
        ofNegative: torch.Tensor,
        divisor: torch.Tensor,
        oneByOne: Lazy<LossElements>
    ) =
    inherit LossElements(name, ElementKind.Triplet)

    override _.IsEmpty = false
    override _.Divisor = divisor
    override _.Sum() = triplets.Sum(ofPositive, ofNegative)
    override _.Count() = triplets.Count()
    override _.Between(low, high) = oneByOne.Value.Between(low, high)

    override _.WeightedByClass(weights, labels) =
        oneByOne.Value.WeightedByClass(weights, labels)

    override _.ToMatrix anchors = oneByOne.Value.ToMatrix anchors
    override _.List() = oneByOne.Value.List()
