namespace MetricLearning;
/// <summary>x</summary>
public sealed class TrainingData { internal Core.Dataset Value { get; init; } = null!;
 /// <summary>x</summary>
 public static TrainingData FromTensors(TorchSharp.torch.Tensor d, object l) => new() { Value = Core.DatasetModule.ofTensors(d, l) }; }
/// <summary>x</summary>
public sealed class PureOptimizer { internal Core.Optimizer Value = null!; }
/// <summary>x</summary>
public sealed class Schedule { internal Core.Schedule Value = null!; }
