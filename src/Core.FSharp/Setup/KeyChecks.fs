namespace MetricLearning.Core

open System

/// Checks of keys against a trainer's schema. Pure: no tensor, no module.
module KeyChecks =

    let private quoted (keys: string seq) =
        String.concat ", " (Seq.map (sprintf "\"%s\"") keys)

    let private unknown (property: string) (allowed: Name list) (keys: string list) : Findings =
        Findings.mistakes
            [
                for key in keys do
                    if not (List.exists (Name.matches key) allowed) then
                        let names = allowed |> List.map Name.show |> String.concat ", "
                        $"{property} has an entry \"{key}\", which this trainer does not know; its keys are {names}."
            ]

    let private twice (property: string) (keys: string list) : Findings =
        Findings.mistakes
            [
                for key, count in List.countBy id keys do
                    if count > 1 then
                        $"{property} has the key \"{key}\" {count} times; every key may come once."
            ]

    let private missing (property: string) (table: (Name * Presence) list) (keys: string list) : Findings =
        Findings.concat
            [
                for name, presence in table do
                    if not (List.exists (fun key -> Name.matches key name) keys) then
                        match presence with
                        | Presence.Required ->
                            Findings.mistakes
                                [ $"{property} must contain {Name.show name}; add an entry with that key." ]
                        | Presence.Expected -> Findings.warnings [ $"{property} is missing {Name.show name}." ]
                        | Presence.Optional -> ()
            ]

    /// A property that is a table of the schema: models, loss functions.
    let table (property: string) (table: (Name * Presence) list) (keys: string list) : Findings =
        Findings.concat
            [
                unknown property (List.map fst table) keys
                twice property keys
                missing property table keys
            ]

    /// A property whose keys are a name and one of the suffixes: optimizers, clippers, schedules; miners, whose suffix is "".
    let suffixed (property: string) (names: Name list) (suffixes: string list) (keys: string list) : Findings =
        let known (key: string) =
            suffixes
            |> List.exists (fun suffix ->
                key.EndsWith(suffix, StringComparison.Ordinal)
                && List.exists (Name.matches (key.Substring(0, key.Length - suffix.Length))) names)

        let shown =
            [
                for name in names do
                    for suffix in suffixes do
                        match name with
                        | Name.Exactly text -> text + suffix
                        | Name.Numbered prefix -> prefix + "_0" + suffix
            ]

        Findings.concat
            [
                Findings.mistakes
                    [
                        for key in keys do
                            if not (known key) then
                                $"{property} has an entry \"{key}\", which this trainer does not know; its keys are {quoted shown}."
                    ]
                twice property keys
            ]

    /// The weights of the losses: one for each loss, at least one above zero.
    let weights (terms: string list) (weights: (string * float) list) : Findings =
        let keys = List.map fst weights

        Findings.concat
            [
                Findings.mistakes
                    [
                        for key in keys do
                            if not (List.contains key terms) then
                                $"loss_weights has an entry \"{key}\"; the losses of this run are {quoted terms}."
                        for term in terms do
                            if not (List.contains term keys) then
                                $"loss_weights must contain \"{term}\": give every loss a weight, or leave loss_weights out."
                        for key, weight in weights do
                            if Double.IsNaN weight || Double.IsInfinity weight then
                                $"The weight of \"{key}\" is {weight}; it must be a finite number."
                        if not terms.IsEmpty && List.forall (fun (_, weight) -> not (weight > 0.0)) weights then
                            "No loss has a weight above zero, so there is nothing to train on; raise at least one entry of loss_weights."
                    ]
                twice "loss_weights" keys
            ]

    /// What is frozen: names that the trainer knows.
    let frozen (schema: Schema) (names: string list) : Findings =
        let known = List.map fst (schema.Models @ schema.Losses)
        unknown "freeze_these" known names
