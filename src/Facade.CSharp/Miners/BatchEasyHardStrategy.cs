namespace MetricLearning;

/// <summary>Which positive, or which negative, of an anchor <see cref="BatchEasyHardMiner"/> chooses.</summary>
public enum BatchEasyHardStrategy
{
    /// <summary>The farthest positive; the nearest negative.</summary>
    Hard = Core.Miners.BatchEasyHardStrategy.Hard,

    /// <summary>The farthest positive of those nearer than the chosen negative; the nearest negative of those farther than the chosen
    /// positive.</summary>
    Semihard = Core.Miners.BatchEasyHardStrategy.Semihard,

    /// <summary>The nearest positive; the farthest negative.</summary>
    Easy = Core.Miners.BatchEasyHardStrategy.Easy,

    /// <summary>All of them.</summary>
    All = Core.Miners.BatchEasyHardStrategy.All,
}
