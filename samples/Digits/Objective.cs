using System.Runtime.CompilerServices;
using MetricLearning.Core;

namespace Digits;

/// <summary>What to train for: a loss, and the miner that chooses what it sees.</summary>
/// <param name="Loss">Made anew for every run, since a loss may learn.</param>
/// <param name="Miner">Null lets the loss see everything.</param>
/// <param name="LossCode">How <paramref name="Loss"/> is written in the program, which the compiler fills in.</param>
/// <param name="MinerCode">The same of <paramref name="Miner"/>.</param>
internal sealed record Objective(
    Func<Loss> Loss,
    Func<Miner>? Miner = null,
    [CallerArgumentExpression(nameof(Loss))] string LossCode = "",
    [CallerArgumentExpression(nameof(Miner))] string MinerCode = "none"
)
{
    /// <summary>The loss as the report shows it.</summary>
    public string LossInWords => Made(LossCode);

    /// <summary>The miner as the report shows it.</summary>
    public string MinerInWords => Made(MinerCode);

    private static string Made(string code) => code.Replace("() => new ", "");
}
