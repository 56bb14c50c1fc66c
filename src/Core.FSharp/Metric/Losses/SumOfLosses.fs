namespace MetricLearning

open MetricLearning.Core
open System
open System.Collections.Generic
open TorchSharp

/// One of several losses.
[<NoComparison; ReferenceEquality>]
type SumTerm =
    {
        /// Its name among the others, also in the state of the sum.
        Name: string
        /// The loss.
        Loss: Loss
        /// Chooses its tuples; null: those that the sum is given.
        Miner: Miner | null
        /// What it is multiplied by.
        Weight: double
    }

/// Losses as the parts of a module; TorchSharp's own ModuleDict cannot be moved to another dtype or device.
type internal NamedLosses(terms: IReadOnlyList<SumTerm>) as this =
    inherit torch.nn.Module("NamedLosses")

    do
        for term in terms do
            this.register_module (term.Name, term.Loss)

/// Several losses of the same embeddings, weighted and added. Their parameters and buffers are those of the sum, under
/// `losses` and the term's name.
type SumOfLosses(terms: IReadOnlyList<SumTerm>) as this =
    inherit Loss()

    let hasMiners = terms |> Seq.exists (fun term -> not (isNull term.Miner))

    let compute (input: MetricInput) (term: SumTerm) : torch.Tensor =
        let seed = lazy (Seed.derive term.Name 0L input.Seed)

        let tuples =
            match term.Miner with
            | null -> input.Tuples
            | miner ->
                miner.MineWith(
                    input.Embeddings,
                    input.RequireLabels(),
                    Tuples.All,
                    input.References,
                    input.RefLabels,
                    seed
                )

        let value = term.Loss.ComputeOn(input.On(tuples, seed))
        if term.Weight = 1.0 then value else value * term.Weight

    do
        if terms.Count = 0 then
            invalidArg (nameof terms) "There is nothing to add: give at least one loss."

        this.register_module ("losses", new NamedLosses(terms))

    /// The losses with their names, miners and weights.
    member _.Terms = terms

    override _.TakesReferences = terms |> Seq.forall _.Loss.TakesReferences

    override _.TakesAnyLabels = terms |> Seq.forall _.Loss.TakesAnyLabels

    override _.ComputeLoss input =
        match input.Tuples with
        | Tuples.All -> ()
        | _ when hasMiners ->
            invalidArg
                "tuples"
                "MultipleLosses has miners of its own, so it cannot be given tuples as well: leave out either the miners or the tuples."
        | _ -> ()

        let total =
            terms |> Seq.map (compute input) |> Seq.reduce (fun sum value -> sum + value)

        [| ElementsOf.Reduced("loss", total) |]

/// The weighted sum of several losses.
module SumOfLosses =

    let private checkedTerms (mistakes: string list) (terms: SumTerm[]) : IReadOnlyList<SumTerm> =
        let names =
            [
                for term in terms do
                    if isNull (box term.Loss) then
                        $"The loss \"{term.Name}\" is null."

                    if term.Name = "" || term.Name.Contains '.' then
                        $"\"{term.Name}\" cannot be the name of a loss: it must not be empty or contain a dot."

                    if not (Double.IsFinite term.Weight) then
                        $"The weight of \"{term.Name}\" must be a finite number; it is {term.Weight}."
            ]

        let none =
            if terms.Length = 0 then
                [ "There must be at least one loss." ]
            else
                []

        match mistakes @ names @ none with
        | [] -> terms
        | found -> invalidArg "losses" (String.concat " " found)

    /// Losses in order, with miners (null: none; an entry may be null) and weights (null: all 1) in the same order.
    /// Raises ArgumentException with all mistakes.
    let ofLists
        (losses: IReadOnlyList<Loss>)
        (miners: IReadOnlyList<Miner | null> | null)
        (weights: IReadOnlyList<double> | null)
        : IReadOnlyList<SumTerm> =
        if isNull (box losses) then
            nullArg (nameof losses)

        let counted (what: string) (count: int) =
            if count <> losses.Count then
                [
                    $"There are {losses.Count} losses and {count} {what}: give one for each loss, or none at all."
                ]
            else
                []

        let ofMiners =
            match miners with
            | null -> []
            | given -> counted "miners (null where a loss has none)" given.Count

        let ofWeights =
            match weights with
            | null -> []
            | given -> counted "weights" given.Count

        checkedTerms
            (ofMiners @ ofWeights)
            [|
                for index in 0 .. losses.Count - 1 do
                    {
                        Name = string index
                        Loss = losses[index]
                        Miner =
                            match miners with
                            | null -> null
                            | given when index < given.Count -> given[index]
                            | _ -> null
                        Weight =
                            match weights with
                            | null -> 1.0
                            | given when index < given.Count -> given[index]
                            | _ -> 1.0
                    }
            |]

    /// Losses by name, with miners of some of them (null: none) and weights of all (null: all 1).
    /// Raises ArgumentException with all mistakes.
    let ofNames
        (losses: IReadOnlyDictionary<string, Loss>)
        (miners: IReadOnlyDictionary<string, Miner> | null)
        (weights: IReadOnlyDictionary<string, double> | null)
        : IReadOnlyList<SumTerm> =
        if isNull (box losses) then
            nullArg (nameof losses)

        let names = String.concat ", " losses.Keys

        let unknown (what: string) (keys: string seq) =
            [
                for key in keys do
                    if not (losses.ContainsKey key) then
                        $"There is {what} for \"{key}\", but the losses are {names}."
            ]

        let ofMiners =
            match miners with
            | null -> []
            | given -> unknown "a miner" given.Keys

        let ofWeights =
            match weights with
            | null -> []
            | given ->
                unknown "a weight" given.Keys
                @ [
                    for name in losses.Keys do
                        if not (given.ContainsKey name) then
                            $"The loss \"{name}\" has no weight: give one for each loss, or none at all."
                ]

        let minerOf (name: string) : Miner | null =
            match miners with
            | null -> null
            | given ->
                match given.TryGetValue name with
                | true, miner -> miner
                | _ -> null

        let weightOf (name: string) : double =
            match weights with
            | null -> 1.0
            | given ->
                match given.TryGetValue name with
                | true, weight -> weight
                | _ -> 1.0

        checkedTerms
            (ofMiners @ ofWeights)
            [|
                for entry in losses do
                    {
                        Name = entry.Key
                        Loss = entry.Value
                        Miner = minerOf entry.Key
                        Weight = weightOf entry.Key
                    }
            |]

    /// Losses added as they are.
    let loss (losses: Loss seq) : SumOfLosses =
        new SumOfLosses(ofLists (Seq.toArray losses) null null)
