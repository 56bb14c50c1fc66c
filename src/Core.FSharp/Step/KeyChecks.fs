namespace MetricLearning.Core

open System
open MetricLearning

/// Checks of keys against a trainer's schema. Pure: no tensor, no module.
module KeyChecks =

    let private quoted (keys: string seq) =
        String.concat ", " (Seq.map (sprintf "\"%s\"") keys)

    let private unknown (property: string) (allowed: string list) (keys: string list) : Diagnostics =
        Diagnostics.errors
            [
                for key in keys do
                    if not (List.contains key allowed) then
                        $"{property} has an entry \"{key}\", which this trainer does not know; its keys are {quoted allowed}."
            ]

    let private twice (property: string) (keys: string list) : Diagnostics =
        Diagnostics.errors
            [
                for key, count in List.countBy id keys do
                    if count > 1 then
                        $"{property} has the key \"{key}\" {count} times; every key may come once."
            ]

    let private missing (property: string) (table: (string * Presence) list) (keys: string list) : Diagnostics =
        Diagnostics.concat
            [
                for name, presence in table do
                    if not (List.contains name keys) then
                        match presence with
                        | Presence.Required ->
                            Diagnostics.errors [ $"{property} must contain \"{name}\"; add an entry with that key." ]
                        | Presence.Optional -> ()
            ]

    /// A property that is a table of the schema: models, loss functions.
    let table (property: string) (table: (string * Presence) list) (keys: string list) : Diagnostics =
        Diagnostics.concat
            [
                unknown property (List.map fst table) keys
                twice property keys
                missing property table keys
            ]

    /// A property whose entries are all optional.
    let optional (property: string) (allowed: string list) (keys: string list) : Diagnostics =
        Diagnostics.concat [ unknown property allowed keys; twice property keys ]

    /// Networks on top of the embeddings and the losses on their output: one needs the other.
    let heads (heads: (string * string) list) (models: string list) (losses: string list) : Diagnostics =
        Diagnostics.errors
            [
                for head, loss in heads do
                    match List.contains head models, List.contains loss losses with
                    | true, false ->
                        $"Models contains \"{head}\", but LossFuncs has no \"{loss}\" for what it puts out; add that loss, or leave the network out."
                    | false, true ->
                        $"LossFuncs contains \"{loss}\", but Models has no \"{head}\" for it to look at; add that network, or leave the loss out."
                    | _ -> ()
            ]

    /// The weights of the losses: one for each loss, at least one above zero.
    let weights (terms: string list) (weights: (string * float) list) : Diagnostics =
        let keys = List.map fst weights

        Diagnostics.concat
            [
                Diagnostics.errors
                    [
                        for key in keys do
                            if not (List.contains key terms) then
                                $"LossWeights has an entry \"{key}\"; the losses of this run are {quoted terms}."
                        for term in terms do
                            if not (List.contains term keys) then
                                $"LossWeights must contain \"{term}\": give every loss a weight, or leave LossWeights out."
                        for key, weight in weights do
                            if Double.IsNaN weight || Double.IsInfinity weight then
                                $"The weight of \"{key}\" is {weight}; it must be a finite number."
                        if not terms.IsEmpty && List.forall (fun (_, weight) -> not (weight > 0.0)) weights then
                            "No loss has a weight above zero, so there is nothing to train on; raise at least one entry of LossWeights."
                    ]
                twice "LossWeights" keys
            ]

    /// Frozen names must be those of networks and losses that would learn.
    let frozen (schema: Schema) (names: string list) : Diagnostics =
        unknown "FreezeThese" (Schema.learning schema) names
