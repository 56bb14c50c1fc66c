namespace MetricLearning

open System
open System.Collections.Generic
open TorchSharp

/// The miners of a trainer by their documented keys. A value is a `Miner`, which chooses pairs or triplets, or, under
/// `subset_batch_miner`, a function that chooses samples.
[<Sealed>]
type MiningFuncs(entries: KeyValuePair<string, obj> seq) =
    inherit Entries<obj>(entries)

    /// No entries yet.
    new() = MiningFuncs(Seq.empty<KeyValuePair<string, obj>>)

    /// The entries of pairs of key and miner.
    static member Of(entries: (string * obj) seq) : MiningFuncs =
        MiningFuncs(Entries<obj>.OfPairs entries)

    /// Chooses the samples of a batch to train on (key `subset_batch_miner`): from embeddings (N, D), computed in
    /// evaluation mode, and labels (N) to a vector of int64 indices; null where there is none.
    member this.SubsetBatchMiner
        with get (): Func<torch.Tensor, torch.Tensor, torch.Tensor> | null =
            match this.Find "subset_batch_miner" with
            | :? Func<torch.Tensor, torch.Tensor, torch.Tensor> as miner -> miner
            | _ -> null
        and set (value: Func<torch.Tensor, torch.Tensor, torch.Tensor> | null) = this.Put("subset_batch_miner", value)

    /// Chooses the pairs or triplets to train on (key `tuple_miner`); null where there is none.
    member this.TupleMiner
        with get (): Miner | null = this.Miner "tuple_miner"
        and set (value: Miner | null) = this.Put("tuple_miner", value)

    /// Chooses the triplets of the trunk's outputs that the generator is given, instead of random ones (key
    /// `g_triplet_miner`); null where there is none.
    member this.GTripletMiner
        with get (): Miner | null = this.Miner "g_triplet_miner"
        and set (value: Miner | null) = this.Put("g_triplet_miner", value)

    member private this.Miner(key: string) : Miner | null =
        match this.Find key with
        | :? Miner as miner -> miner
        | _ -> null
