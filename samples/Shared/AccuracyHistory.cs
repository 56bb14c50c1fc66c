namespace Samples;

/// <summary>What evaluations found.</summary>
/// <param name="Epochs">When.</param>
/// <param name="Lines">Each accuracy by name, one number for each of the epochs.</param>
internal sealed record AccuracyHistory(
    IReadOnlyList<double> Epochs,
    IReadOnlyList<(string Name, IReadOnlyList<double> Values)> Lines
);
