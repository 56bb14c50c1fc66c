namespace MetricLearning;

/// <summary>Which triplets <see cref="TripletMarginMiner"/> keeps, by t = d(a,n) − d(a,p) and its margin m.</summary>
public enum TypeOfTriplets
{
    /// <summary>t ≤ m.</summary>
    All = Core.Miners.TypeOfTriplets.All,

    /// <summary>t ≤ 0: the negative is nearer than the positive.</summary>
    Hard = Core.Miners.TypeOfTriplets.Hard,

    /// <summary>0 &lt; t ≤ m.</summary>
    Semihard = Core.Miners.TypeOfTriplets.Semihard,

    /// <summary>t > m.</summary>
    Easy = Core.Miners.TypeOfTriplets.Easy,
}
