using MetricLearning.Tests.Training;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace MetricLearning.Tests.BadInput;

/// <summary>What must be the same after a refusal: dictionaries, weights, modes, gradients allowed, learning rates.</summary>
internal sealed class Witness
{
    private readonly TrainerOptions options;
    private readonly string[] entries;
    private readonly string weights;
    private readonly string modes;
    private readonly string rates;

    public Witness(TrainerOptions options)
    {
        this.options = options;
        entries = Entries();
        weights = Scenario.Weights(options);
        modes = Modes();
        rates = Rates();
    }

    public void AssertUnchanged(bool modesToo = true)
    {
        Assert.Equal(entries, Entries());
        Assert.Equal(weights, Scenario.Weights(options));
        Assert.Equal(rates, Rates());

        if (modesToo)
        {
            Assert.Equal(modes, Modes());
        }
    }

    /// <summary>Modes and gradients allowed, whatever became of the weights.</summary>
    public void AssertModes() => Assert.Equal(modes, Modes());

    private string[] Entries() =>
        [
            .. Of("Models", options.Models),
            .. Of("losses", options.LossFuncs),
            .. Of("Optimizers", options.Optimizers),
            .. Of("miners", options.MiningFuncs),
            .. Of("schedules", options.LrSchedulers),
            .. Of("clippers", options.GradientClippers),
            .. Of("weights", options.LossWeights),
            .. options.FreezeThese ?? [],
        ];

    private static IEnumerable<string> Of<T>(string name, IEnumerable<KeyValuePair<string, T>>? entries) =>
        (entries ?? []).Select(entry =>
            $"{name} {entry.Key} {(entry.Value is ValueType ? entry.Value : System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(entry.Value))}"
        );

    private IEnumerable<nn.Module> Modules() =>
        options
            .Models.Values.Concat(options.LossFuncs.Values)
            .Where(module => module is not null)
            .SelectMany(module => module.modules().Prepend(module));

    private string Modes() =>
        string.Join(
            "; ",
            Modules()
                .Select(module =>
                    IsDisposed(module)
                        ? "disposed"
                        : $"{module.GetType().Name} {module.training} {string.Join(",", module.parameters().Where(parameter => !parameter.IsInvalid).Select(parameter => parameter.requires_grad))}"
                )
        );

    private static bool IsDisposed(nn.Module module)
    {
        try
        {
            _ = module.training;
            return false;
        }
        catch (ObjectDisposedException)
        {
            return true;
        }
    }

    private string Rates() =>
        string.Join(
            "; ",
            options
                .Optimizers.Where(entry => entry.Value is TorchOptimizer)
                .SelectMany(entry =>
                    ((TorchOptimizer)entry.Value).Optimizer.ParamGroups?.Select(group =>
                        $"{entry.Key} {group.LearningRate}"
                    ) ?? []
                )
        );
}
