namespace MetricLearning

open System
open System.Collections.Generic

/// The weight of every loss by its name. A loss whose weight is not above zero is not computed.
[<Sealed>]
type LossWeights(entries: KeyValuePair<string, float> seq) =
    inherit Dictionary<string, float>(Arguments.given (nameof entries) entries, StringComparer.Ordinal)

    /// No entries yet.
    new() = LossWeights(Seq.empty<KeyValuePair<string, float>>)

    /// The entries of pairs of name and weight.
    static member Of(entries: (string * float) seq) : LossWeights =
        LossWeights(
            Arguments.noneNull (nameof entries) entries
            |> Seq.map (fun (name, weight) -> KeyValuePair(name, weight))
        )

    member private this.Find(key: string) : Nullable<float> =
        match this.TryGetValue key with
        | true, weight -> Nullable weight
        | _ -> Nullable()

    member private this.Put(key: string, weight: Nullable<float>) : unit =
        if weight.HasValue then
            this[key] <- weight.Value
        else
            this.Remove key |> ignore

    /// The weights, in the order in which they were added.
    member internal this.Pairs: (string * float) list =
        [ for KeyValue(name, weight) in this -> name, weight ]

    /// The weight of the metric loss (key `metric_loss`); null where there is none.
    member this.MetricLoss
        with get (): Nullable<float> = this.Find "metric_loss"
        and set (weight: Nullable<float>) = this.Put("metric_loss", weight)

    /// The weight of the classifier's loss (key `classifier_loss`); null where there is none.
    member this.ClassifierLoss
        with get (): Nullable<float> = this.Find "classifier_loss"
        and set (weight: Nullable<float>) = this.Put("classifier_loss", weight)

    /// The weight of the loss on synthetic triplets (key `synth_loss`); null where there is none.
    member this.SynthLoss
        with get (): Nullable<float> = this.Find "synth_loss"
        and set (weight: Nullable<float>) = this.Put("synth_loss", weight)

    /// The weight of the generator's adversarial loss (key `g_adv_loss`); null where there is none.
    member this.GAdvLoss
        with get (): Nullable<float> = this.Find "g_adv_loss"
        and set (weight: Nullable<float>) = this.Put("g_adv_loss", weight)

    /// The weight of the loss that keeps synthetic negatives near their anchors (key `g_hard_loss`); null where there is none.
    member this.GHardLoss
        with get (): Nullable<float> = this.Find "g_hard_loss"
        and set (weight: Nullable<float>) = this.Put("g_hard_loss", weight)

    /// The weight of the loss that keeps synthetic negatives near the real ones (key `g_reg_loss`); null where there is none.
    member this.GRegLoss
        with get (): Nullable<float> = this.Find "g_reg_loss"
        and set (weight: Nullable<float>) = this.Put("g_reg_loss", weight)
