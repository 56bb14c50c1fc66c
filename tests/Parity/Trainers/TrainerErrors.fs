namespace MetricLearning.Parity

open System
open System.Collections
open System.Text.Json
open TorchSharp

/// trainer_errors.json: what construction accepts, warns about and refuses. A case's id is all that it says of its
/// arguments, so this file, alone, has a table of ids.
[<RequireQualifiedAccess>]
module TrainerErrors =

    let private network () = Setup.network 4L 4L

    let private without (key: string) (entries: (string * 'T) list) : (string * 'T) list =
        entries |> List.filter (fst >> (<>) key)

    let private withLoss (key: string) (setup: Setup) : Setup =
        { setup with
            LossFuncs = (key, Setup.triplet ()) :: setup.LossFuncs
        }

    let private withMiner (key: string) (setup: Setup) : Setup =
        { setup with
            MiningFuncs = [ key, Setup.miner () ]
        }

    // What an id's words do to arguments that are fine.
    let private mistakes: (string * (Setup -> Setup)) list =
        [
            "ok", id
            "valid_but_missing_embedder_optimizer", id
            "models_empty", (fun setup -> { setup with Models = [] })
            "models_without_trunk",
            (fun setup ->
                { setup with
                    Models = without "trunk" setup.Models
                })
            "models_unknown_key",
            (fun setup ->
                { setup with
                    Models = ("head", network ()) :: setup.Models
                })
            "loss_funcs_unknown_key", withLoss "some_loss"
            "loss_funcs_classifier_loss_in_MetricLossOnly", withLoss "classifier_loss"
            "mining_funcs_unknown_key", withMiner "some_miner"
            "optimizers_empty", (fun setup -> { setup with Optimized = [] })
            "optimizers_unknown_key",
            (fun setup ->
                { setup with
                    Optimized = [ "trunk"; "embedder"; "head" ]
                })
            "optimizers_loss_key_ok",
            (fun setup ->
                { setup with
                    LossFuncs = [ "metric_loss", Setup.learned () ]
                    Optimized = [ "trunk"; "embedder"; "metric_loss" ]
                })
            "loss_weights_missing_key", (fun setup -> { setup with LossWeights = Some [] })
            "loss_weights_unknown_key",
            (fun setup ->
                { setup with
                    LossWeights = Some [ "metric_loss", 1.0; "some_loss", 1.0 ]
                })
            "lr_schedulers_bad_suffix",
            (fun setup ->
                { setup with
                    LrSchedulers = [ "trunk_scheduler" ]
                })
            "lr_schedulers_ok",
            (fun setup ->
                { setup with
                    LrSchedulers = [ "trunk_scheduler_by_epoch" ]
                })
            "gradient_clippers_bad_key",
            (fun setup ->
                { setup with
                    GradientClippers = [ "trunk_clipper" ]
                })
            "gradient_clippers_ok",
            (fun setup ->
                { setup with
                    GradientClippers = [ "trunk_grad_clipper" ]
                })
            "freeze_these_unknown", (fun setup -> { setup with FreezeThese = [ "head" ] })
            "freeze_these_with_optimizer_warns", (fun setup -> { setup with FreezeThese = [ "trunk" ] })
            "missing_models_arg", (fun setup -> { setup with Omitted = [ "models" ] })
            "hierarchy_level_on_1d_labels",
            (fun setup ->
                { setup with
                    Others = [ "label_hierarchy_level", Made 1 ]
                })
            "unknown_label_in_mapper",
            (fun setup ->
                { setup with
                    Others = [ "set_min_label_to_zero", Made true; "dataset_labels", Made [| 0L; 1L; 2L |] ]
                })
            "subset_miner_rejected", withMiner "subset_batch_miner"
            "two_item_dataset", (fun setup -> { setup with HasTwoStreams = false })
            "metric_loss_without_number", withLoss "metric_loss"
            "freeze_trunk_ok", (fun setup -> { setup with FreezeThese = [ "trunk" ] })
            "no_generator",
            (fun setup ->
                { setup with
                    Models = without "generator" setup.Models
                })
            "no_g_adv_loss",
            (fun setup ->
                { setup with
                    LossFuncs = without "g_adv_loss" setup.LossFuncs
                })
            "g_adv_not_triplet",
            (fun setup ->
                let loss = Build.construct "ContrastiveLoss" [] []

                { setup with
                    LossFuncs = ("g_adv_loss", loss) :: without "g_adv_loss" setup.LossFuncs
                })
            "loss_weights_incomplete",
            (fun setup ->
                { setup with
                    LossWeights = Some [ for key, _ in setup.LossFuncs -> key, 1.0 ]
                })
        ]

    let private train (trainer: obj) : unit =
        Build.invoke "train" trainer [ "num_epochs", Made 1 ] [] |> ignore

    let private run (_: JsonElement) (note: Fact -> unit) (case: JsonElement) : unit =
        let name = Json.text (Json.field "trainer" case)
        Library.typeNamed name |> ignore
        let theirs = Json.field "expected" case
        let words = (Json.text (Json.field "id" case)).Split('/') |> Array.last

        let mistake =
            match mistakes |> List.tryFind (fst >> (=) words) with
            | Some(_, mistake) -> mistake
            | None -> raise (MissingPart $"arguments for \"%s{words}\"")

        let arguments = Setup.accepted name |> mistake |> Setup.arguments
        let trainer = Build.constructFromOptions name arguments
        use _ = trainer :?> IDisposable

        match Json.trySome "stage" theirs |> Option.map Json.text with
        // A mistake that the reference notices while training may be noticed earlier here, never later.
        | Some "train" -> train trainer
        | Some _ -> ()
        | None ->
            let warnings = Library.property "warnings" trainer :?> IEnumerable |> Seq.cast<obj>
            let theirs = (Json.field "log" theirs).GetArrayLength()
            note (Fact.holds "a warning, where the reference has one" (theirs = 0 || not (Seq.isEmpty warnings)))

    let section: Section =
        {
            File = "trainer_errors"
            Groups = [ "cases", run ]
            Data = []
        }
