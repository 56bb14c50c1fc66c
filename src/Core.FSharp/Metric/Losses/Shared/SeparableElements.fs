namespace MetricLearning

open System
open TorchSharp

/// Triplets, each worth f(a,p) + g(a,n), as elements: positive pairs times the number of their anchor's negatives, negative
/// pairs times that of its positives. Neither time nor memory grows with the number of triplets; what asks for more than
/// sums and counts gets the triplets one by one.
[<Sealed>]
type internal SeparableElements
    (
        name: string,
        masks: TripletMasks,
        // Both broadcast to (N × Nr), in at least 32 bits.
        ofPositive: torch.Tensor,
        ofNegative: torch.Tensor,
        divisor: torch.Tensor | null
    ) =
    inherit LossElements(name, ElementKind.Triplet)

    let oneByOne: Lazy<LossElements> =
        lazy
            (let whole (values: torch.Tensor) = values.expand_as masks.Positives
             let struct (a, p) = Tuples.places masks.Positives

             let values =
                 (whole ofPositive).index(a, p).unsqueeze 1L
                 .+. InOrder.rows a (whole ofNegative)

             ElementsOf.TripletMatrix(name, values, InOrder.rows a masks.Negatives, a, p, divisor))

    /// The sum of both values over all triplets, in the given type: a scalar.
    static member Total
        (masks: TripletMasks, ofPositive: torch.Tensor, ofNegative: torch.Tensor, dtype: torch.ScalarType)
        : torch.Tensor =
        ((ofPositive * masks.Positives).sum 1L * masks.Negatives.sum 1L
         .+. (ofNegative * masks.Negatives).sum 1L * masks.Positives.sum 1L)
            .sum
            dtype

    override _.IsEmpty = false
    override _.Divisor = divisor

    override _.Sum() =
        SeparableElements.Total(masks, ofPositive, ofNegative, torch.ScalarType.Float64).to_type ofPositive.dtype

    override _.Count() = masks.Count()
    override _.Between(low, high) = oneByOne.Value.Between(low, high)

    override _.WeightedByClass(weights, labels) =
        oneByOne.Value.WeightedByClass(weights, labels)

    override _.ToMatrix anchors = oneByOne.Value.ToMatrix anchors
    override _.List() = oneByOne.Value.List()
