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

/// What loss functions take, compared with what a recipe gives them. A loss of the user's own, or a module of TorchSharp's,
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
