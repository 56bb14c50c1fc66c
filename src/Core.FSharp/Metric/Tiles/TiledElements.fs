namespace MetricLearning

open TorchSharp

/// The values of a part of a loss, never all at once: sums and counts of tiles, after changes that concern each value or
/// each anchor by itself.
[<Sealed>]
type internal TiledElements(part: TiledPart, change: MetricInput -> LossElements -> LossElements) =
    inherit LossElements(part.Name, part.Kind)

    let refuse () =
        System.NotSupportedException
            $"{part.Name} is computed anchor tile by anchor tile, and its values are never all there. A reducer whose IsSumOverCount is true asks for Sum, Count, Mean, Divisor, Between and WeightedByClass alone."

    /// The values after a further change.
    member _.Then(next: MetricInput -> LossElements -> LossElements) : LossElements =
        TiledElements(part, fun tile elements -> next tile (change tile elements))

    override _.IsEmpty = part.IsEmpty
    override _.Sum() = part.Sum change
    override _.Count() = part.Count change
    override _.Mean() = part.Mean change
    override _.Divisor = part.Divisor change

    override this.Between(low, high) =
        this.Then(fun _ elements -> elements.Between(low, high))

    override this.WeightedByClass(weights, _) =
        let weights = part.Keep weights

        this.Then(fun tile elements -> elements.WeightedByClass(weights, tile.RequireLabels()))

    override this.NothingIsZero() =
        this.Then(fun _ elements -> elements.NothingIsZero())

    override _.ToMatrix _ = raise (refuse ())
    override _.List() = raise (refuse ())
