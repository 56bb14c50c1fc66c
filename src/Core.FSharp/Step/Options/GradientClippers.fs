namespace MetricLearning

open System
open System.Collections.Generic

/// Functions that are called after the backward pass and before the optimizers: `NAME_grad_clipper`.
[<Sealed>]
type GradientClippers(entries: KeyValuePair<string, Action> seq) =
    inherit Entries<Action>(entries)

    /// No entries yet.
    new() = GradientClippers(Seq.empty<KeyValuePair<string, Action>>)

    /// The entries of pairs of key and value.
    static member Of(entries: (string * Action) seq) : GradientClippers =
        GradientClippers(Entries<Action>.OfPairs entries)

    /// The clipper of the trunk (key `trunk_grad_clipper`); null where there is none.
    member this.Trunk
        with get (): Action | null = this.Find "trunk_grad_clipper"
        and set (value: Action | null) = this.Put("trunk_grad_clipper", value)

    /// The clipper of the embedder (key `embedder_grad_clipper`); null where there is none.
    member this.Embedder
        with get (): Action | null = this.Find "embedder_grad_clipper"
        and set (value: Action | null) = this.Put("embedder_grad_clipper", value)

    /// The clipper of the metric loss (key `metric_loss_grad_clipper`); null where there is none.
    member this.MetricLoss
        with get (): Action | null = this.Find "metric_loss_grad_clipper"
        and set (value: Action | null) = this.Put("metric_loss_grad_clipper", value)

    /// The clipper of the classifier (key `classifier_grad_clipper`); null where there is none.
    member this.Classifier
        with get (): Action | null = this.Find "classifier_grad_clipper"
        and set (value: Action | null) = this.Put("classifier_grad_clipper", value)

    /// The clipper of the generator (key `generator_grad_clipper`); null where there is none.
    member this.Generator
        with get (): Action | null = this.Find "generator_grad_clipper"
        and set (value: Action | null) = this.Put("generator_grad_clipper", value)
