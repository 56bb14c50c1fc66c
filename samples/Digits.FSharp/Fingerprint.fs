namespace Digits

open System
open System.Security.Cryptography
open TorchSharp
open MetricLearning

/// Says in 64 characters whether two runs ended with the same weights, bit for bit.
module Fingerprint =

    /// The SHA-256 of all weights, in the order in which ../Digits takes them: networks by key, then losses by key; within
    /// each, the entries of its `state_dict` in its own order; of each its elements as raw little-endian bytes.
    let ofModules (networks: (string * torch.nn.Module) list) (losses: LossFuncs) : string =
        use _ = torch.NewDisposeScope()
        use sha = IncrementalHash.CreateHash HashAlgorithmName.SHA256

        for _, part in
            List.sortBy fst networks
            @ List.sortBy fst [ for KeyValue(key, loss) in losses -> key, loss ] do
            for weights in part.state_dict().Values do
                sha.AppendData(weights.detach().cpu().contiguous().bytes)

        Convert.ToHexStringLower(sha.GetHashAndReset())
