namespace MetricLearning

open System.Collections.Generic
open TorchSharp

/// The loss functions of a trainer: losses of this library, or any module from (embeddings, labels) to a number.
[<Sealed>]
type LossFuncs(entries: KeyValuePair<string, torch.nn.Module> seq) =
    inherit Entries<torch.nn.Module>(entries)

    /// No entries yet.
    new() = LossFuncs(Seq.empty<KeyValuePair<string, torch.nn.Module>>)

    /// The entries of pairs of key and value.
    static member Of(entries: (string * torch.nn.Module) seq) : LossFuncs =
        LossFuncs(Entries<torch.nn.Module>.OfPairs entries)

    /// The loss on the embeddings (key `metric_loss`); null where there is none.
    member this.MetricLoss
        with get (): torch.nn.Module | null = this.Find "metric_loss"
        and set (value: torch.nn.Module | null) = this.Put("metric_loss", value)

    /// The loss on the classifier's scores (key `classifier_loss`); null where there is none.
    member this.ClassifierLoss
        with get (): torch.nn.Module | null = this.Find "classifier_loss"
        and set (value: torch.nn.Module | null) = this.Put("classifier_loss", value)

    /// The generator's adversarial loss, a `TripletMarginLoss` (key `g_adv_loss`); null where there is none.
    member this.GAdvLoss
        with get (): torch.nn.Module | null = this.Find "g_adv_loss"
        and set (value: torch.nn.Module | null) = this.Put("g_adv_loss", value)

    /// The loss on the embeddings of synthetic triplets (key `synth_loss`); null where there is none.
    member this.SynthLoss
        with get (): torch.nn.Module | null = this.Find "synth_loss"
        and set (value: torch.nn.Module | null) = this.Put("synth_loss", value)
