namespace MetricLearning

open System

/// Ranked triplets as elements. What asks for more than sums and counts gets the triplets one by one.
[<Sealed>]
type internal RankedElements(name: string, triplets: RankedTriplets, oneByOne: Lazy<LossElements>, onlyAbove: bool) =
    inherit LossElements(name, ElementKind.Triplet)

    override _.IsEmpty = false
    override _.Sum() = triplets.Sum()

    override _.Count() =
        if onlyAbove then triplets.Above() else triplets.Count()

    override _.Between(low, high) =
        if low = Nullable 0.0 && not high.HasValue then
            RankedElements(name, triplets, lazy (oneByOne.Value.Between(low, high)), true)
        else
            oneByOne.Value.Between(low, high)

    override _.WeightedByClass(weights, labels) =
        oneByOne.Value.WeightedByClass(weights, labels)

    override _.ToMatrix anchors = oneByOne.Value.ToMatrix anchors
    override _.List() = oneByOne.Value.List()
