namespace MetricLearning

open System.Runtime.InteropServices
open TorchSharp

/// Triplets by t = d(a,n) − d(a,p), the distance of the negative beyond the positive (Schroff et al. 2015, "FaceNet").
/// Its statistics are means over all triplets, NaN if there is none.
[<Sealed>]
type TripletMarginMiner
    /// <param name="margin">The largest t that violates the margin.</param>
    /// <param name="typeOfTriplets">The triplets to keep.</param>
    (
        [<Optional; DefaultParameterValue(0.2)>] margin: double,
        [<Optional; DefaultParameterValue(TypeOfTriplets.All)>] typeOfTriplets: TypeOfTriplets
    ) =
    inherit Miner("TripletMarginMiner", "avg_triplet_margin", "pos_pair_dist", "neg_pair_dist")

    let isKept (difference: torch.Tensor) : torch.Tensor =
        let limit, zero = Numeric.scalar margin, Numeric.scalar 0.0

        match typeOfTriplets with
        | TypeOfTriplets.All -> difference.le limit
        | TypeOfTriplets.Hard -> (difference.le limit).logical_and(difference.le zero)
        | TypeOfTriplets.Semihard -> (difference.le limit).logical_and(difference.gt zero)
        | TypeOfTriplets.Easy -> difference.gt limit
        | unknown ->
            invalidArg
                (nameof typeOfTriplets)
                $"There is no type of triplets {int unknown}: All, Hard, Semihard or Easy."

    override this.MineTuples input =
        let matrix = this.Distance.Matrix(input.Embeddings, input.References)
        let struct (anchors, positives) = Tuples.places (input.Matches())
        let negativeDistances = matrix.index_select (0L, anchors)
        let positiveDistances = negativeDistances.gather (1L, positives.unsqueeze 1L)
        let difference = this.Distance.Margin(negativeDistances, positiveDistances)
        let candidates = (input.Differs()).index_select(0L, anchors)

        let record (name: string) (values: torch.Tensor) =
            this.Statistics.Record(name, fun () -> (values.expand_as(candidates).masked_select candidates).mean())

        record "avg_triplet_margin" difference
        record "pos_pair_dist" positiveDistances
        record "neg_pair_dist" negativeDistances

        Tuples.tripletsWhere anchors positives ((isKept difference).logical_and candidates)
