namespace MetricLearning

open System.Collections.Generic

/// The optimizers of a trainer, TorchSharp's or this library's: `NAME_optimizer` steps the network or loss NAME. An empty
/// dictionary trains nothing.
[<Sealed>]
type Optimizers(entries: KeyValuePair<string, AnyOptimizer> seq) =
    inherit Entries<AnyOptimizer>(entries)

    /// No entries yet.
    new() = Optimizers(Seq.empty<KeyValuePair<string, AnyOptimizer>>)

    /// The entries of pairs of key and value.
    static member Of(entries: (string * AnyOptimizer) seq) : Optimizers =
        Optimizers(Entries<AnyOptimizer>.OfPairs entries)

    /// The optimizer of the trunk (key `trunk_optimizer`); null where there is none.
    member this.Trunk
        with get (): AnyOptimizer | null = this.Find "trunk_optimizer"
        and set (value: AnyOptimizer | null) = this.Put("trunk_optimizer", value)

    /// The optimizer of the embedder (key `embedder_optimizer`); null where there is none.
    member this.Embedder
        with get (): AnyOptimizer | null = this.Find "embedder_optimizer"
        and set (value: AnyOptimizer | null) = this.Put("embedder_optimizer", value)

    /// The optimizer of the metric loss, if that has weights (key `metric_loss_optimizer`); null where there is none.
    member this.MetricLoss
        with get (): AnyOptimizer | null = this.Find "metric_loss_optimizer"
        and set (value: AnyOptimizer | null) = this.Put("metric_loss_optimizer", value)

    /// The optimizer of the classifier (key `classifier_optimizer`); null where there is none.
    member this.Classifier
        with get (): AnyOptimizer | null = this.Find "classifier_optimizer"
        and set (value: AnyOptimizer | null) = this.Put("classifier_optimizer", value)

    /// The optimizer of the generator (key `generator_optimizer`); null where there is none.
    member this.Generator
        with get (): AnyOptimizer | null = this.Find "generator_optimizer"
        and set (value: AnyOptimizer | null) = this.Put("generator_optimizer", value)

    /// The optimizer of the classifier's loss, if that has weights (key `classifier_loss_optimizer`); null where there is none.
    member this.ClassifierLoss
        with get (): AnyOptimizer | null = this.Find "classifier_loss_optimizer"
        and set (value: AnyOptimizer | null) = this.Put("classifier_loss_optimizer", value)

    /// The optimizer of the synthetic triplets' loss, if that has weights (key `synth_loss_optimizer`); null where there is
    /// none.
    member this.SynthLoss
        with get (): AnyOptimizer | null = this.Find "synth_loss_optimizer"
        and set (value: AnyOptimizer | null) = this.Put("synth_loss_optimizer", value)
