using MetricLearning.Core;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace MetricLearning.Tests.Measure;

/// <summary>Losses of pairs and of whole batches.</summary>
public sealed class PairLossTests
{
    [Fact]
    public void SettingsOfPairLossesArrive()
    {
        using var scope = NewDisposeScope();
        double Value(Loss loss)
        {
            using (loss)
                return Known.Number(loss.Compute(Known.X, Known.Y));
        }

        var squared = new LpDistance(power: 2);
        Assert.All(
            new (double Plain, double Changed)[]
            {
                (Value(new AngularLoss()), Value(new AngularLoss(alpha: 30))),
                (Value(new FastAPLoss()), Value(new FastAPLoss(numBins: 4))),
                (Value(new HistogramLoss()), Value(new HistogramLoss(delta: 0.5))),
                (Value(new InstanceLoss()), Value(new InstanceLoss(gamma: 3))),
                (Value(new SupConLoss()), Value(new SupConLoss(temperature: 0.4))),
                (Value(new SupConLoss()), Value(new SupConLoss { Distance = squared })),
                (Value(new NPairsLoss()), Value(new NPairsLoss { Distance = squared })),
                (Value(new TupletMarginLoss()), Value(new TupletMarginLoss(margin: 1))),
                (Value(new TupletMarginLoss()), Value(new TupletMarginLoss(scale: 8))),
                (Value(new PNPLoss()), Value(new PNPLoss(variant: PNPVariant.Ds))),
                (Value(new PNPLoss()), Value(new PNPLoss(anneal: 0.2))),
                (Value(new RankedListLoss(0.4, 1)), Value(new RankedListLoss(0.4, 1, tp: 2))),
                (Value(new RankedListLoss(0.4, 1)), Value(new RankedListLoss(0.4, 1, alpha: 1.5))),
                (Value(new IntraPairVarianceLoss()), Value(new IntraPairVarianceLoss(negEps: 0.3))),
                (Value(new ThresholdConsistentMarginLoss()), Value(new ThresholdConsistentMarginLoss(lambdaPlus: 2))),
                (Value(new GeneralizedLiftedStructureLoss()), Value(new GeneralizedLiftedStructureLoss(posMargin: 1))),
                (
                    Value(new SignalToNoiseRatioContrastiveLoss()),
                    Value(new SignalToNoiseRatioContrastiveLoss(negMargin: 3))
                ),
            },
            values => Assert.NotEqual(values.Plain, values.Changed, tolerance: 1e-6)
        );
    }

    [Fact]
    public void LossesWithinABatchTakeNoReferences()
    {
        Loss[] losses =
        [
            new FastAPLoss(),
            new HistogramLoss(),
            new InstanceLoss(),
            new NPairsLoss(),
            new PNPLoss(),
            new RankedListLoss(0.4, 1),
        ];
        Assert.All(losses, loss => Assert.False(loss.TakesReferences));
        using var angular = new AngularLoss();
        Assert.True(angular.TakesReferences);
        Assert.All(losses, loss => loss.Dispose());
    }
}
