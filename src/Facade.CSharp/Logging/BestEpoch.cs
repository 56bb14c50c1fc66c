namespace MetricLearning;

/// <summary>The best epoch of a run.</summary>
/// <param name="Epoch">Its number.</param>
/// <param name="Accuracy">The primary metric that it reached.</param>
public readonly record struct BestEpoch(int Epoch, double Accuracy);
