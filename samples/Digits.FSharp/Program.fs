module Digits.Program

open System
open System.CommandLine
open TorchSharp

let private number (name: string) (description: string) (least: int) (otherwise: int) : Option<int> =
    Option<int>(
        name,
        Description = description,
        HelpName = "N",
        DefaultValueFactory = (fun _ -> otherwise),
        CustomParser =
            fun parsed ->
                match Int32.TryParse parsed.Tokens[0].Value with
                | true, value when value >= least -> value
                | _ ->
                    parsed.AddError $"{name} takes a whole number from {least}."
                    otherwise
    )

let private epochs =
    number "--epochs" "How often to go through the training pictures." 1 10

let private seed =
    number "--seed" "Decides the first weights and the order of the pictures." 0 0

let private seeds =
    number "--seeds" "How many runs, with seeds SEED, SEED + 1, …" 1 1

let private withLosses = "MetricLossOnly"

/// The protocols that need no --loss, by the name that --trainer takes.
let private protocols =
    Map
        [
            "TrainWithClassifier", Protocols.TrainWithClassifier.protocol
            "CascadedEmbeddings", Protocols.CascadedEmbeddings.protocol
            "TwoStreamMetricLoss", Protocols.TwoStreamMetricLoss.protocol
            "DeepAdversarialMetricLearning", Protocols.DeepAdversarialMetricLearning.protocol
        ]

let private trainer =
    Option<string>("--trainer", Description = "How to train.", DefaultValueFactory = fun _ -> withLosses)
        .AcceptOnlyFromAmong
        [| withLosses; yield! protocols.Keys |]

let private loss =
    Option<string>(
        "--loss",
        Description = $"What to train for, with {withLosses} only.",
        DefaultValueFactory = fun _ -> "TripletMargin"
    )
        .AcceptOnlyFromAmong
        [| for name in Protocols.MetricLossOnly.byLoss.Keys -> name |]

let private device =
    Option<string>(
        "--device",
        Description = "Where to train: cpu, cuda or cuda:N.",
        HelpName = "DEVICE",
        DefaultValueFactory = fun _ -> if torch.cuda_is_available () then "cuda" else "cpu"
    )

let private checkpoint =
    Option<string>(
        "--checkpoint",
        Description = "Where to save the runs every 20 iterations. What is there already goes on.",
        HelpName = "FOLDER"
    )

let private deviation (values: float list) =
    match values with
    | [ _ ] -> 0.0
    | _ ->
        let mean = List.average values

        sqrt (
            List.sumBy (fun value -> (value - mean) ** 2.0) values
            / float (values.Length - 1)
        )

let private report (trainer: string) (runs: Run list) =
    for name, metric in [ "MAP@R", _.MapAtR; "R-precision", _.RPrecision; "P@1", _.PrecisionAt1 ] do
        let mean scores = List.averageBy (scores >> metric) runs
        printfn "%-12s before %.3f, after %.3f" name (mean _.Before) (mean _.After)

    // For scripts, always the last two lines.
    let maps = runs |> List.map _.After.MapAtR
    printfn "%s MAP@R %.3f sd %.3f n %d" trainer (List.average maps) (deviation maps) runs.Length
    printfn "weights %s" (List.last runs).Weights

let private main (parsed: ParseResult) =
    MetricLearning.TensorMemory.Keep() |> ignore
    torch.set_num_threads 1
    let train, test = Data.load ()
    let first = parsed.GetRequiredValue seed

    let name = parsed.GetRequiredValue trainer

    let protocol =
        match protocols.TryFind name with
        | Some protocol -> protocol
        | None -> Protocols.MetricLossOnly.byLoss[parsed.GetRequiredValue loss]

    report
        name
        [
            for seed in first .. first + parsed.GetRequiredValue seeds - 1 ->
                Training.run
                    protocol
                    (torch.device (parsed.GetRequiredValue device))
                    (parsed.GetRequiredValue epochs)
                    seed
                    (Option.ofObj (parsed.GetValue checkpoint))
                    train
                    test
        ]

[<EntryPoint>]
let start arguments =
    let command =
        RootCommand "Trains an embedding of handwritten digits, on the functional core."

    for option in [ trainer :> Option; loss; epochs; seed; seeds; device; checkpoint ] do
        command.Options.Add option

    command.Validators.Add(fun parsed ->
        match parsed.GetResult loss, parsed.GetValue trainer with
        | NonNull given, NonNull other when not given.Implicit && protocols.ContainsKey other ->
            parsed.AddError $"--loss goes with {withLosses}; {other} has losses of its own."
        | _ -> ())

    command.Validators.Add(fun parsed ->
        match parsed.GetValue device with
        // The default.
        | null
        | "cpu" -> ()
        | name when name.StartsWith "cuda" && torch.cuda_is_available () -> ()
        | name -> parsed.AddError $"--device {name}: there is cpu; cuda and cuda:N on a machine that has it.")

    command.SetAction(fun parsed -> main parsed)
    command.Parse(arguments).Invoke()
