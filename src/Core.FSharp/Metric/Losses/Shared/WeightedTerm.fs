namespace MetricLearning

open System
open System.Collections.Generic

/// One of several losses that are added.
[<NoComparison; ReferenceEquality>]
type internal WeightedTerm =
    {
        /// Its name among the others, also in the state of the sum.
        Name: string
        Loss: Loss
        /// Chooses its tuples; null: those that the sum is given.
        Miner: Miner | null
        Weight: float
    }

/// From what a user gives to terms, or an ArgumentException with all mistakes.
module internal WeightedTerm =

    let private check (mistakes: string list) (terms: WeightedTerm[]) : WeightedTerm[] =
        let ofTerms =
            [
                for term in terms do
                    if isNull (box term.Loss) then
                        $"The loss \"{term.Name}\" is null."

                    if term.Name = "" || term.Name.Contains '.' then
                        $"\"{term.Name}\" cannot be the name of a loss: it must not be empty or contain a dot."

                    if
                        not (isNull (box term.Miner))
                        && not (isNull (box term.Loss))
                        && not term.Loss.TakesTuples
                    then
                        $"The loss \"{term.Name}\", a {term.Loss.Name}, takes no tuples: give it no miner."

                    if not (Double.IsFinite term.Weight) then
                        $"The weight of \"{term.Name}\" must be a finite number; it is {term.Weight}."

                if terms.Length = 0 then
                    "There must be at least one loss."

                let losses =
                    [
                        for term in terms do
                            if not (isNull (box term.Loss)) then
                                term.Loss
                    ]

                yield!
                    ComparisonChecks.together
                        [
                            for loss in losses do
                                if loss.TakesLabels then
                                    loss.Name, loss.LabelComparison

                            for term in terms do
                                match term.Miner with
                                | null -> ()
                                | miner -> miner.Name, miner.LabelComparison
                        ]

                match List.partition (fun (loss: Loss) -> loss.TakesLabels) losses with
                | labelled :: _, without :: _ ->
                    $"{without.Name} takes no labels and {labelled.Name} does, so they cannot be added here: compute each on its own."
                | _ -> ()
            ]

        match mistakes @ ofTerms with
        | [] -> terms
        | found -> invalidArg "losses" (String.concat " " found)

    /// Losses in order, with miners (null: none; an entry may be null) and weights (null: all 1) in the same order.
    let ofLists
        (losses: IReadOnlyList<Loss>)
        (miners: IReadOnlyList<Miner | null> | null)
        (weights: IReadOnlyList<float> | null)
        : WeightedTerm[] =
        ArgumentNullException.ThrowIfNull(losses, nameof losses)

        let mistakes =
            [
                let counted (what: string) (count: int) =
                    if count <> losses.Count then
                        [
                            $"There are {losses.Count} losses and {count} {what}: give one for each loss, or none at all."
                        ]
                    else
                        []

                match miners with
                | null -> ()
                | given -> yield! counted "miners (null where a loss has none)" given.Count

                match weights with
                | null -> ()
                | given -> yield! counted "weights" given.Count
            ]

        check
            mistakes
            [|
                for index in 0 .. losses.Count - 1 do
                    {
                        Name = string index
                        Loss = losses[index]
                        Miner =
                            match miners with
                            | NonNull given when index < given.Count -> given[index]
                            | _ -> null
                        Weight =
                            match weights with
                            | NonNull given when index < given.Count -> given[index]
                            | _ -> 1.0
                    }
            |]

    /// Losses by name, with miners of some of them (null: none) and weights of all (null: all 1).
    let ofNames
        (losses: IReadOnlyDictionary<string, Loss>)
        (miners: IReadOnlyDictionary<string, Miner> | null)
        (weights: IReadOnlyDictionary<string, float> | null)
        : WeightedTerm[] =
        ArgumentNullException.ThrowIfNull(losses, nameof losses)
        let names = String.concat ", " losses.Keys

        let minerOf (name: string) : Miner | null =
            match miners with
            | NonNull given when given.ContainsKey name -> given[name]
            | _ -> null

        let mistakes =
            [
                let unknown (what: string) (keys: string seq) =
                    [
                        for key in keys do
                            if not (losses.ContainsKey key) then
                                $"There is {what} for \"{key}\", but the losses are {names}."
                    ]

                match miners with
                | null -> ()
                | given -> yield! unknown "a miner" given.Keys

                match weights with
                | null -> ()
                | given ->
                    yield! unknown "a weight" given.Keys

                    for name in losses.Keys do
                        if not (given.ContainsKey name) then
                            $"The loss \"{name}\" has no weight: give one for each loss, or none at all."
            ]

        check
            mistakes
            [|
                for entry in losses do
                    {
                        Name = entry.Key
                        Loss = entry.Value
                        Miner = minerOf entry.Key
                        Weight =
                            match weights with
                            | NonNull given when given.ContainsKey entry.Key -> given[entry.Key]
                            | _ -> 1.0
                    }
            |]
