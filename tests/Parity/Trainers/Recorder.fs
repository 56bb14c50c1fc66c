namespace MetricLearning.Parity

open System.Collections.Generic
open System.Text.Json
open TorchSharp

/// Watches a run through its hooks, and says at once what differs from the reference's.
[<Sealed>]
type Recorder(scenario: Scenario, note: Fact -> unit) =
    let theirs = Json.field "expected" scenario.Json
    let iterations = Json.items (Json.field "iterations" theirs)
    let epochs = Json.items (Json.field "epochs" theirs)
    let mutable iteration = 0
    let mutable epoch = 0
    let mutable gradients: Map<string, Map<string, torch.Tensor>> option = None

    let isGiven (loss: string) =
        Json.field "loss_names" (Json.field "constructed" theirs)
        |> Json.items
        |> Array.exists (fun name -> Json.text name = loss)

    let numbers (name: string) (trainer: obj) : IReadOnlyDictionary<string, float> =
        Library.property name trainer :?> IReadOnlyDictionary<string, float>

    let compareNumbers (where: string) (theirs: JsonElement) (ours: IReadOnlyDictionary<string, float>) =
        for name, theirs in Json.members theirs do
            match ours.TryGetValue name with
            | true, ours -> note (Fact.number $"%s{where}.%s{name}" theirs ours)
            // The sum has no weight here; the reference gives it 1, or 0 where it has phases.
            | _ when name = "total_loss" && where = "constructed.loss_weights" -> note (Fact.number where theirs 1.0)
            | _ when name = "total_loss" && where.EndsWith "loss_weights" -> note (Fact.number where theirs 0.0)
            // The reference reports the loss of a head that is not there; here it does not exist.
            | _ when where.EndsWith "losses" && not (isGiven name) ->
                note (Fact.number $"%s{where}.%s{name}" theirs 0.0)
            | _ -> note (Fact.missing $"%s{where}.%s{name}" theirs)

    let compareRates (where: string) (theirs: JsonElement) =
        for name, optimizer in scenario.Optimizers do
            note (Fact.numbers $"%s{where}.%s{name}" (Json.field name theirs) (Machines.rates optimizer))

    let compareModes (where: string) (theirs: JsonElement) =
        for name, network in scenario.Modules do
            let theirs = Json.field name theirs
            let trains = network.parameters () |> Seq.exists _.requires_grad

            note (
                Fact.truth $"%s{where}.%s{name}.training" ((Json.field "training" theirs).GetBoolean()) network.training
            )

            note (
                Fact.truth $"%s{where}.%s{name}.requires_grad" ((Json.field "requires_grad" theirs).GetBoolean()) trains
            )

    // A key is a network's and a layer's name: "trunk.1".
    let compareBatchNorm (where: string) (theirs: JsonElement) =
        let byKey = Map.ofList scenario.Models

        for key, theirs in Json.members theirs do
            let names = key.Split('.', 2)
            let network = byKey[names[0]]

            let struct (_, batchNorm) =
                network.named_modules () |> Seq.find (fun struct (layer, _) -> layer = names[1])

            note (Fact.truth $"%s{where}.%s{key}" (theirs.GetBoolean()) batchNorm.training)

    let compareMiners (where: string) (theirs: JsonElement) =
        let miners = Map.ofList scenario.MiningFuncs

        for name, theirs in Json.members theirs do
            match miners.TryFind name with
            | Some miner -> Stats.facts $"%s{where}.%s{name}" theirs miner |> List.iter note
            // The trainer's own miner is not the caller's.
            | None -> ()

    let compareIteration (where: string) (theirs: JsonElement) (trainer: obj) =
        for name, theirs in Json.members theirs do
            let where = $"%s{where}.%s{name}"

            match name with
            | "epoch"
            | "iteration"
            | "global_iteration" ->
                note (Fact.number where theirs (System.Convert.ToDouble(Library.property name trainer)))
            | "losses"
            | "loss_weights" -> compareNumbers where theirs (numbers name trainer)
            | "lr" -> compareRates where theirs
            | "batch_indices" -> note (Fact.numbers where theirs (scenario.Samples.Asked() |> Seq.map float))
            | "miner_counts" -> compareMiners where theirs
            | "module_modes" -> compareModes where theirs
            | "batchnorm_training" -> compareBatchNorm where theirs
            // How the reference says which losses count; the losses say it too.
            | "flags" -> ()
            // What chance chose there is an input here.
            | "triplets" -> ()
            | other -> raise (MissingPart $"a comparison of %s{other}")

    let snapshot () =
        if gradients.IsNone then
            gradients <- Some(Map.ofList [ for name, network in scenario.Modules -> name, Networks.gradients network ])

    /// What the reference says of the iteration that is under way.
    member _.Theirs: JsonElement = iterations[iteration]

    /// Before the first gradient clipper, or else in the iteration's hook: the gradients of the first iteration.
    member _.Backward() : unit = snapshot ()

    member _.IterationEnded(trainer: obj) : unit =
        snapshot ()

        if iteration < iterations.Length then
            compareIteration $"iterations[%d{iteration}]" iterations[iteration] trainer

        iteration <- iteration + 1

    /// Calls what a hook of the reference called, between the two times that learning rates are looked at.
    member _.EpochEnded(trainer: obj, score: float option, act: float -> unit) : unit =
        if epoch < epochs.Length then
            let where = $"epochs[%d{epoch}]"
            let theirs = epochs[epoch]
            let ours = System.Convert.ToDouble(Library.property "epoch" trainer)
            note (Fact.number $"%s{where}.epoch" (Json.field "epoch" theirs) ours)
            compareRates $"%s{where}.lr_at_hook" (Json.field "lr_at_hook" theirs)

            match score, Json.trySome "plateau_value" theirs with
            | Some score, Some known ->
                note (Fact.number $"%s{where}.plateau_value" known score)
                act score
            | _ -> ()

            compareRates $"%s{where}.lr_after_hook" (Json.field "lr_after_hook" theirs)

        epoch <- epoch + 1

    member _.Constructed(trainer: obj) : unit =
        let theirs = Json.field "constructed" theirs
        compareNumbers "constructed.loss_weights" (Json.field "loss_weights" theirs) (numbers "loss_weights" trainer)

    /// After the last event: how many there were, the first gradients, and the weights that are left.
    member _.Finished(trainer: obj, events: string list) : unit =
        let constructed = Json.field "constructed" theirs
        let sorted (names: string seq) = String.concat ", " (Seq.sort names)

        let texts name =
            Json.items (Json.field name constructed) |> Seq.map Json.text

        let ours = scenario.Models |> List.map fst
        // The reference adds an embedder that does nothing to the caller's networks.
        let given =
            texts "models"
            |> Seq.filter (fun name -> name <> "embedder" || List.contains name ours)

        note (Fact.text "constructed.models" (sorted given) (sorted ours))
        note (Fact.text "constructed.loss_names" (sorted (texts "loss_names")) (sorted (numbers "losses" trainer).Keys))
        note (Fact.number "iterations" (Json.field "iterations" theirs |> Json.count) (float iteration))
        note (Fact.number "epochs" (Json.field "epochs" theirs |> Json.count) (float epoch))

        note (
            Fact.number
                "iterations_per_epoch"
                (Json.field "iterations_per_epoch" theirs)
                (System.Convert.ToDouble(Library.property "iterations_per_epoch" trainer))
        )

        match Json.trySome "events" theirs with
        | Some theirs ->
            let theirs = Json.items theirs |> Seq.map Json.text
            note (Fact.text "events" (String.concat " " theirs) (String.concat " " events))
        | None -> ()

        let byKey = Map.ofList scenario.Modules
        let gradients = defaultArg gradients Map.empty

        for part in [ "models"; "loss_funcs" ] do
            for name, theirs in Json.members (Json.field part (Json.field "first_iteration_grads" theirs)) do
                let ours = gradients.TryFind name |> Option.defaultValue Map.empty

                Networks.gradientFacts $"first_iteration_grads.%s{name}" theirs ours
                |> List.iter note

            for name, theirs in Json.members (Json.field part (Json.field "final_state" theirs)) do
                match byKey.TryFind name with
                | Some network -> Networks.stateFacts $"final_state.%s{name}" theirs network |> List.iter note
                | None -> ()

        let frozen =
            match Json.tryField "freeze_these" (Json.field "trainer_args" scenario.Json) with
            | Some names -> Json.items names |> Array.map Json.text
            | None -> [||]

        for name, theirs in Json.members (Json.field "final_training_mode" theirs) do
            match byKey.TryFind name with
            | Some network when not (Array.contains name frozen) ->
                note (Fact.truth $"final_training_mode.%s{name}" (theirs.GetBoolean()) network.training)
            | _ -> ()
