using MetricLearning.Core;
using static TorchSharp.torch;

namespace MetricLearning.Tests.Training;

/// <summary>Parts of a trainer made of a function.</summary>
internal static class Made
{
    public sealed class Network(Func<Tensor, Tensor> function) : nn.Module<Tensor, Tensor>("network")
    {
        public override Tensor forward(Tensor input) => function(input);
    }

    /// <summary>A network whose output goes through a function.</summary>
    public sealed class Ending : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> inner;
        private readonly Func<Tensor, Tensor> end;

        public Ending(nn.Module<Tensor, Tensor> inner, Func<Tensor, Tensor> end)
            : base("ending")
        {
            this.inner = inner;
            this.end = end;
            register_module("inner", inner);
        }

        public override Tensor forward(Tensor input) => end(inner.call(input));
    }

    public sealed class TwoInputs : nn.Module<Tensor, Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> layer = nn.Linear(4, 6);

        public TwoInputs()
            : base("two inputs") => register_module("layer", layer);

        public override Tensor forward(Tensor one, Tensor other) => layer.call(one) + layer.call(other);
    }

    public sealed class Loss(Func<Tensor, Tensor, Tensor> function) : nn.Module<Tensor, Tensor, Tensor>("loss")
    {
        public override Tensor forward(Tensor embeddings, Tensor labels) => function(embeddings, labels);
    }

    public sealed class TupleMiner(Func<MetricInput, Tuples> function) : Miner("TupleMiner")
    {
        public override Tuples MineTuples(MetricInput input) => function(input);
    }

    public sealed class Order(Func<long, IEnumerable<long>> pass) : Sampler
    {
        public override IEnumerable<long> Pass(Seed seed, long number) => pass(number);
    }

    public sealed class BatchOrder(Func<long, IEnumerable<long[]>> pass) : BatchSampler
    {
        public override IEnumerable<long[]> Pass(Seed seed, long number) => pass(number);
    }
}
