namespace MetricLearning.Core

open MetricLearning

/// The tuples that a recipe gives a loss function. Labels it gives to every one.
[<RequireQualifiedAccess>]
type GivenTuples =
    /// None: the loss takes what labels allow.
    | Nothing
    /// Those of the miner under a key, where there is one.
    | Mined of miner: string
    /// In every batch, by the recipe itself.
    | Always

/// Comparisons of what loss functions take with what a recipe gives them. A loss of the user's own, or a module of TorchSharp's,
/// says nothing of it.
module LossInputs =

    let private noLabels (trainer: string) (key: string) (loss: Loss) =
        $"LossFuncs[\"{key}\"] is a {loss.Name}, which takes no labels, but {trainer} gives it those of every batch. Use a CustomTrainer, whose function calls each loss with what it takes, or give a loss of labelled samples."

    let private noTuples (trainer: string) (key: string) (loss: Loss) (given: GivenTuples) (miners: string list) =
        match given with
        | GivenTuples.Mined miner when List.contains miner miners ->
            [
                $"MiningFuncs[\"{miner}\"] chooses tuples, but LossFuncs[\"{key}\"] is a {loss.Name}, which takes none. Leave out that miner, or give a loss of pairs or triplets."
            ]
        | GivenTuples.Always ->
            [
                $"LossFuncs[\"{key}\"] is a {loss.Name}, which takes no tuples, but {trainer} gives it those of every batch. Give a loss of pairs or triplets, for example TripletMarginLoss."
            ]
        | _ -> []

    /// Mistakes in the combination of losses, miners and recipe; a warning where tuples are chosen for a loss that never sees
    /// them.
    let check (trainer: string) (given: (string * GivenTuples) list) (options: RunOptions) : Diagnostics =
        let miners = List.map fst options.MiningFuncs.Present

        let ofLoss (key: string, tuples: GivenTuples) : Diagnostics =
            match options.LossFuncs.Find key with
            | null -> Diagnostics.none
            | found ->
                match box found, tuples with
                | :? Loss as loss, _ ->
                    Diagnostics.errors
                        [
                            if not loss.TakesLabels then
                                noLabels trainer key loss
                            elif not loss.TakesTuples then
                                yield! noTuples trainer key loss tuples miners
                        ]
                | _, GivenTuples.Mined miner when List.contains miner miners ->
                    Diagnostics.warnings
                        [
                            $"MiningFuncs[\"{miner}\"] chooses tuples, but LossFuncs[\"{key}\"] is a module that takes embeddings and labels, and never sees them."
                        ]
                | _ -> Diagnostics.none

        given |> List.map ofLoss |> Diagnostics.concat

    /// The same for a recipe that gives a loss the views of every sample: with labels and the tuples of the tuple miner, or, to a loss
    /// that takes no labels, one view against another.
    let checkViews (trainer: string) (key: string) (options: RunOptions) : Diagnostics =
        let tuples = GivenTuples.Mined Keys.TupleMiner

        match options.LossFuncs.Find key with
        | :? Loss as loss when not loss.TakesLabels && not loss.TakesReferences ->
            Diagnostics.errors
                [
                    $"LossFuncs[\"{key}\"] is a {loss.Name}, which takes neither labels nor another view, so it cannot tell which views belong together. Give a loss of labelled samples, for example NTXentLoss, or one of views: VICRegLoss or SelfSupervisedLoss."
                ]
        | :? Loss as loss when not loss.TakesLabels ->
            Diagnostics.errors (noTuples trainer key loss tuples (List.map fst options.MiningFuncs.Present))
        | _ -> check trainer [ key, tuples ] options

    /// The same for a recipe that compares the embeddings of one view with those of another, as references; a memory remembers these.
    let checkReferences (trainer: string) (key: string) (options: RunOptions) : Diagnostics =
        let advice =
            "Give a CrossBatchMemory around a loss of pairs, for example NTXentLoss, or such a loss itself."

        Diagnostics.errors
            [
                match options.LossFuncs.Find key with
                | null -> ()
                | found ->
                    match box found with
                    | :? CrossBatchMemory -> ()
                    | :? Loss as loss when loss.TakesReferences -> ()
                    | :? Loss as loss ->
                        $"LossFuncs[\"{key}\"] is a {loss.Name}, which takes no reference embeddings, but {trainer} compares with those of another view. {advice}"
                    | other ->
                        $"LossFuncs[\"{key}\"] is a {other.GetType().Name}, which takes no reference embeddings, but {trainer} compares with those of another view. {advice}"
            ]
