namespace MetricLearning

open TorchSharp

/// One value for the whole batch that is made of sums over samples, such as a mean that no reducer changes: of tiles, the
/// sums are added before the value is made of them.
[<Sealed>]
type internal FoldedElements(name: string, sums: torch.Tensor[], fold: torch.Tensor[] -> torch.Tensor) =
    inherit LossElements(name, ElementKind.Reduced)

    /// Sums over the samples seen.
    member _.Sums = sums

    /// From sums over all samples to the value.
    member _.Fold = fold

    override _.IsEmpty = false
    override _.Sum() = fold sums

    override _.Count() =
        torch.tensor (1L, device = sums[0].device)

    override this.Between(_, _) = this
    override this.WeightedByClass(_, _) = this

    override this.ToMatrix _ =
        raise (this.Unsupported "A reducer by anchor")

    override this.List() = ElementList(this.Sum(), [||])
    override this.Mean() = this.Sum()
