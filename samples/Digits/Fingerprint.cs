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
    public static string Of(
        IEnumerable<KeyValuePair<string, torch.nn.Module>> networks,
        IEnumerable<KeyValuePair<string, torch.nn.Module>> losses
    )
    {
        using var scope = torch.NewDisposeScope();
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (_, module) in ByKey(networks).Concat(ByKey(losses)))
        foreach (var weights in module.state_dict().Values)
            sha.AppendData(weights.detach().cpu().contiguous().bytes);
        return Convert.ToHexStringLower(sha.GetHashAndReset());

        static IEnumerable<KeyValuePair<string, torch.nn.Module>> ByKey(
            IEnumerable<KeyValuePair<string, torch.nn.Module>> modules
        ) => modules.OrderBy(entry => entry.Key, StringComparer.Ordinal);
    }
}
