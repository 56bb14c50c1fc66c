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

let private loss =
    Option<string>("--loss", Description = "What to train for.", DefaultValueFactory = fun _ -> "TripletMargin")
        .AcceptOnlyFromAmong
        [| for name in Training.losses.Keys -> name |]

let private deviation (values: float list) =
    match values with
    | [ _ ] -> 0.0
    | _ ->
        let mean = List.average values

        sqrt (
            List.sumBy (fun value -> (value - mean) ** 2.0) values
            / float (values.Length - 1)
        )

let private report (runs: Run list) =
    for name, metric in [ "MAP@R", _.MapAtR; "R-precision", _.RPrecision; "P@1", _.PrecisionAt1 ] do
        let mean scores = List.averageBy (scores >> metric) runs
        printfn "%-12s before %.3f, after %.3f" name (mean _.Before) (mean _.After)

    // For scripts, always the last two lines.
    let maps = runs |> List.map _.After.MapAtR
    printfn "MetricLossOnly MAP@R %.3f sd %.3f n %d" (List.average maps) (deviation maps) runs.Length
    printfn "weights %s" (List.last runs).Weights

let private main (parsed: ParseResult) =
    torch.set_num_threads 1
    let train, test = Data.load ()
    let first = parsed.GetRequiredValue seed

    report
        [
            for seed in first .. first + parsed.GetRequiredValue seeds - 1 ->
                Training.run (parsed.GetRequiredValue loss) (parsed.GetRequiredValue epochs) seed train test
        ]

[<EntryPoint>]
let start arguments =
    let command =
        RootCommand "Trains an embedding of handwritten digits, on the functional core."

    for option in [ loss :> Option; epochs; seed; seeds ] do
        command.Options.Add option

    command.SetAction(fun parsed -> main parsed)
    command.Parse(arguments).Invoke()
