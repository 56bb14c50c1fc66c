using System.Security.Cryptography;
using TorchSharp;

namespace Digits;

/// <summary>Says in 64 characters whether two runs ended with the same weights, bit for bit.</summary>
internal static class Fingerprint
{
    /// <summary>
    /// The SHA-256 of all weights, in this order: networks by key (ordinal), then losses by key; within each, the entries of its
    /// <c>state_dict</c> in its own order; of each entry its elements in row-major order as raw little-endian bytes. Names and
    /// shapes are not part of it.
    /// </summary>
    public static string Of(params IEnumerable<KeyValuePair<string, torch.nn.Module>>[] networksThenLosses)
    {
        using var scope = torch.NewDisposeScope();
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (
            var module in networksThenLosses.SelectMany(all => all.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        )
        foreach (var weights in module.Value.state_dict().Values)
            sha.AppendData(weights.detach().cpu().contiguous().bytes);
        return Convert.ToHexStringLower(sha.GetHashAndReset());
    }
}
