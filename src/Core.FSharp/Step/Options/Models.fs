namespace MetricLearning

open System.Collections.Generic
open TorchSharp

/// The networks of a trainer: any TorchSharp modules whose forward takes the data.
[<Sealed>]
type Models(entries: KeyValuePair<string, torch.nn.Module> seq) =
    inherit Entries<torch.nn.Module>(entries)

    /// No entries yet.
    new() = Models(Seq.empty<KeyValuePair<string, torch.nn.Module>>)

    /// The entries of pairs of key and value.
    static member Of(entries: (string * torch.nn.Module) seq) : Models =
        Models(Entries<torch.nn.Module>.OfPairs entries)

    /// The network that takes the data (key `trunk`); null where there is none.
    member this.Trunk
        with get (): torch.nn.Module | null = this.Find "trunk"
        and set (value: torch.nn.Module | null) = this.Put("trunk", value)

    /// The network on top of the trunk (key `embedder`); null where there is none, and the trunk's outputs are the
    /// embeddings.
    member this.Embedder
        with get (): torch.nn.Module | null = this.Find "embedder"
        and set (value: torch.nn.Module | null) = this.Put("embedder", value)

    /// The network that follows the trunk, made by the same code (key `momentum_trunk`); null where there is none.
    member this.MomentumTrunk
        with get (): torch.nn.Module | null = this.Find "momentum_trunk"
        and set (value: torch.nn.Module | null) = this.Put("momentum_trunk", value)

    /// The network that follows the embedder, made by the same code (key `momentum_embedder`); null where there is none.
    member this.MomentumEmbedder
        with get (): torch.nn.Module | null = this.Find "momentum_embedder"
        and set (value: torch.nn.Module | null) = this.Put("momentum_embedder", value)

    /// The network from embeddings to class scores (key `classifier`); null where there is none.
    member this.Classifier
        with get (): torch.nn.Module | null = this.Find "classifier"
        and set (value: torch.nn.Module | null) = this.Put("classifier", value)

    /// The network from a triplet of the trunk's outputs to a synthetic negative (key `generator`); null where there is none.
    member this.Generator
        with get (): torch.nn.Module | null = this.Find "generator"
        and set (value: torch.nn.Module | null) = this.Put("generator", value)
