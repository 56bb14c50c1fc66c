namespace MetricLearning;
/// <summary>x</summary>
public sealed class PureOptimizer { internal Core.Optimizer Value = null!; }
/// <summary>x</summary>
public sealed class Schedule { internal Core.Schedule Value = null!; }
