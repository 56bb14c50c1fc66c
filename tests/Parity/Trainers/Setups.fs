namespace MetricLearning.Parity

open TorchSharp


/// What a trainer is given in trainer_errors.json, before something is made wrong with it.
type Setup =
    {
        Models: (string * torch.nn.Module) list
        /// The networks and losses that have an optimizer.
        Optimized: string list
        LossFuncs: (string * obj) list
        MiningFuncs: (string * obj) list
        LrSchedulers: string list
        GradientClippers: string list
        LossWeights: (string * float) list option
        FreezeThese: string list
        /// Whether a sample has a second stream.
        HasTwoStreams: bool
        /// Further arguments.
        Others: Arguments
        /// Arguments that are left out.
        Omitted: string list
    }

[<RequireQualifiedAccess>]
module Setup =

    let private width = 4L
    let private samples = 32

    let network (inputs: int64) (outputs: int64) : torch.nn.Module = torch.nn.Linear(inputs, outputs)

    let triplet () : obj =
        Build.construct "TripletMarginLoss" [] []

    /// A loss with weights of its own.
    let learned () : obj =
        Build.construct "ArcFaceLoss" [ "num_classes", Made 4; "embedding_size", Made 4 ] []

    let miner () : obj =
        Build.construct "TripletMarginMiner" [] []

    let private plain: Setup =
        {
            Models = [ "trunk", network width width; "embedder", network width width ]
            Optimized = [ "trunk" ]
            LossFuncs = []
            MiningFuncs = []
            LrSchedulers = []
            GradientClippers = []
            LossWeights = None
            FreezeThese = []
            HasTwoStreams = false
            Others = []
            Omitted = []
        }

    /// What a trainer accepts, by its documented name.
    let accepted (trainer: string) : Setup =
        match trainer with
        | "CascadedEmbeddings" ->
            { plain with
                LossFuncs = [ "metric_loss_0", triplet (); "metric_loss_1", triplet () ]
                Others = [ "embedding_sizes", Made [| 2; 2 |] ]
            }
        | "DeepAdversarialMetricLearning" ->
            { plain with
                Models = ("generator", network (3L * width) width) :: plain.Models
                Optimized = []
                LossFuncs =
                    [
                        "metric_loss", triplet ()
                        "g_adv_loss", triplet ()
                        "synth_loss", triplet ()
                    ]
            }
        | "TwoStreamMetricLoss" ->
            { plain with
                LossFuncs = [ "metric_loss", triplet () ]
                HasTwoStreams = true
            }
        | _ ->
            { plain with
                LossFuncs = [ "metric_loss", triplet () ]
            }

    let private dataset (hasTwoStreams: bool) : RecordedSamples =
        let data = torch.randn (int64 samples, width)

        RecordedSamples(
            samples,
            fun index ->
                let row, label = data[int64 index], int64 (index % 4)

                if hasTwoStreams then
                    struct (row, row, label)
                else
                    struct (row, label)
        )

    let private boxed (entries: (string * 'T) list) : Argument =
        Entries(entries |> List.map (fun (name, value) -> name, nonNull (box value)))

    /// The arguments of the trainer.
    let arguments (setup: Setup) : Arguments =
        let spare = network width width

        let optimizers =
            [
                for name in setup.Optimized do
                    let parameters =
                        setup.Models
                        @ (setup.LossFuncs |> List.map (fun (key, loss) -> key, loss :?> torch.nn.Module))
                        |> List.tryFind (fst >> (=) name)
                        |> Option.map snd
                        |> Option.defaultValue spare

                    $"%s{name}_optimizer", torch.optim.SGD(parameters.parameters (), 0.1)
            ]

        let schedulers =
            [
                for name in setup.LrSchedulers do
                    name, torch.optim.lr_scheduler.StepLR(snd optimizers.Head, 1)
            ]

        [
            "models", boxed setup.Models
            "optimizers", boxed optimizers
            "batch_size", Made 8
            "loss_funcs", boxed setup.LossFuncs
            "dataset", Made(MetricLearning.TrainingData.FromSamples(dataset setup.HasTwoStreams))
            "mining_funcs", Entries setup.MiningFuncs
            "data_device", Made torch.CPU
            "lr_schedulers", boxed schedulers
            "gradient_clippers", boxed [ for name in setup.GradientClippers -> name, System.Action ignore ]
            "freeze_these", Made(Array.ofList setup.FreezeThese)
            "dataloader_num_workers", Made 0
            match setup.LossWeights with
            | Some weights -> "loss_weights", boxed weights
            | None -> ()
            yield! setup.Others
        ]
        |> List.filter (fun (name, _) -> not (List.contains name setup.Omitted))
