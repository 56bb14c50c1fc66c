namespace MetricLearning

open System.Collections.Generic
open System.Runtime.InteropServices
open TorchSharp

/// Losses as the parts of a module; TorchSharp's own ModuleDict cannot be moved to another dtype or device.
type internal NamedLosses(terms: IReadOnlyList<WeightedTerm>) as this =
    inherit torch.nn.Module("NamedLosses")

    do
        for term in terms do
            this.register_module (term.Name, term.Loss)

/// Several losses of the same embeddings, weighted and added, each on the tuples of its own miner if it has one. Their
/// parameters and buffers are part of this loss, under `losses` and their number or name.
[<Sealed>]
type MultipleLosses private (terms: WeightedTerm[]) as this =
    inherit Loss("MultipleLosses")

    do
        this.register_module ("losses", new NamedLosses(terms))
        this.ComparisonOfParts <- fun () -> terms[0].Loss.LabelComparison

    let compute (input: MetricInput) (term: WeightedTerm) : torch.Tensor =
        let seed = lazy (Seed.derive term.Name 0L input.Seed)

        let choice =
            match term.Miner with
            | null -> input.Choice
            | miner ->
                ChosenTuples.Listed(
                    miner.MineWith(
                        input.Embeddings,
                        input.RequireLabels(),
                        Tuples.All,
                        input.References,
                        input.RefLabels,
                        input.OwnPlaces,
                        seed
                    )
                )

        let value = term.Loss.ComputeOn(input.On(choice, seed))
        if term.Weight = 1.0 then value else value .* term.Weight

    /// Losses in order, with a miner, or null, for each (null: no miners) and a weight for each (null: all 1).
    /// An ArgumentException names all mistakes.
    new
        (
            losses: IReadOnlyList<Loss>,
            [<Optional; DefaultParameterValue(null: IReadOnlyList<Miner | null> | null)>] miners:
                IReadOnlyList<Miner | null> | null,
            [<Optional; DefaultParameterValue(null: IReadOnlyList<float> | null)>] weights: IReadOnlyList<float> | null
        ) =
        new MultipleLosses(WeightedTerm.ofLists losses miners weights)

    /// Losses by name, with miners of some of them (null: no miners) and weights of all of them (null: all 1).
    /// An ArgumentException names all mistakes.
    new
        (
            losses: IReadOnlyDictionary<string, Loss>,
            [<Optional; DefaultParameterValue(null: IReadOnlyDictionary<string, Miner> | null)>] miners:
                IReadOnlyDictionary<string, Miner> | null,
            [<Optional; DefaultParameterValue(null: IReadOnlyDictionary<string, float> | null)>] weights:
                IReadOnlyDictionary<string, float> | null
        ) =
        new MultipleLosses(WeightedTerm.ofNames losses miners weights)

    /// In their order.
    member internal _.Losses: Loss seq = terms |> Seq.map _.Loss

    override this.CheckDistance _ = Wrapping.refuseDistance this.Name

    override this.CheckLabelComparison _ = ComparisonChecks.ofParts this.Name

    override _.TakesLabels = terms |> Array.forall _.Loss.TakesLabels

    override _.TakesTuples =
        terms
        |> Array.forall (fun term -> isNull (box term.Miner) && term.Loss.TakesTuples)

    override _.TakesReferences = terms |> Array.forall _.Loss.TakesReferences

    override _.TakesAnyLabels = terms |> Array.forall _.Loss.TakesAnyLabels

    override _.ComputeLoss input =
        match input.Choice with
        | ChosenTuples.Listed Tuples.All -> ()
        | _ when terms |> Array.exists (fun term -> not (isNull term.Miner)) ->
            invalidArg
                "tuples"
                "MultipleLosses has miners of its own, so it cannot be given tuples as well: leave out either the miners or the tuples."
        | _ -> ()

        let total =
            terms |> Seq.map (compute input) |> Seq.reduce (fun sum value -> sum .+. value)

        [| ElementsOf.Reduced("loss", total) |]
