namespace MetricLearning;

/// <summary>How the penalty of <see cref="PNPLoss"/> grows with the number r of negatives before a positive.</summary>
public enum PNPVariant
{
    /// <summary>log(1 + r).</summary>
    Ds = Core.PNPVariant.Ds,

    /// <summary>1 − (1 + r)^−alpha.</summary>
    Dq = Core.PNPVariant.Dq,

    /// <summary>(1 + r) log(1 + r).</summary>
    Iu = Core.PNPVariant.Iu,

    /// <summary>(b r − log(1 + b r)) / b².</summary>
    Ib = Core.PNPVariant.Ib,

    /// <summary>r.</summary>
    O = Core.PNPVariant.O,
}
