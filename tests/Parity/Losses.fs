namespace MetricLearning.Parity

open System.Text.Json
open TorchSharp
open MetricLearning
open MetricLearning.Core

/// losses.json: values, gradients to embeddings and to a loss's own parameters.
[<RequireQualifiedAccess>]
module Losses =

    // What a loss may want that a case does not say. No seed: with one it is computed as in training, where a mean of nothing
    // is 0 and not NaN.
    let private also: Arguments =
        [
            "labels", Nothing
            "indices_tuple", Made Tuples.All
            "ref_emb", Nothing
            "ref_labels", Nothing
        ]

    let private loss (case: JsonElement) : torch.nn.Module =
        let name = Json.text (Json.field "loss" case)

        match Build.construct name (Build.arguments (Json.field "args" case)) [] with
        | :? torch.nn.Module as loss ->
            let loss = loss.``to`` torch.ScalarType.Float64

            Json.tryField "params" case
            |> Option.iter (fun state -> Networks.load state loss)

            loss
        | other -> raise (MissingPart $"%s{other.GetType().Name} as a module")

    let private argument (name: string) (value: JsonElement) : Argument =
        match name with
        | _ when Json.isNull value -> Nothing
        | "embeddings"
        | "ref_emb" -> Made(Tensors.leaf value)
        | "labels"
        | "ref_labels" -> Made(Tensors.integers value)
        | "indices_tuple" -> Made(Indices.read value)
        | _ -> Given value

    // "indices_tuple_from" only says where a tuple comes from.
    let private inputs (json: JsonElement) : Arguments =
        [
            for name, value in Json.members json do
                match argument name value with
                | Nothing -> ()
                | _ when name = "indices_tuple_from" -> ()
                | argument -> name, argument
        ]

    let private compute (loss: torch.nn.Module) (inputs: Arguments) : torch.Tensor =
        nonNull (Build.invoke "compute" loss inputs also) :?> torch.Tensor

    let private gradient (name: string) (inputs: Arguments) : torch.Tensor | null =
        match List.tryFind (fst >> (=) name) inputs with
        | Some(_, Made(:? torch.Tensor as leaf)) -> leaf.grad
        | _ -> null

    // A statistic or memory of the loss: a property, parameter or buffer of this name.
    let private part (name: string) (loss: torch.nn.Module) : obj =
        match Library.tryProperty name loss with
        | Some value -> value
        | None ->
            let found =
                loss.state_dict () |> Seq.tryFind (fun entry -> Library.sameName entry.Key name)

            match found with
            | Some entry -> entry.Value
            | None -> raise (MissingPart $"%s{loss.GetType().Name}.%s{name}")

    let private partFact (name: string) (theirs: JsonElement) (loss: torch.nn.Module) : Fact =
        match part (name.Replace("_after", "")) loss with
        | :? torch.Tensor as ours -> Fact.tensor name theirs ours
        | :? bool as ours -> Fact.truth name (theirs.GetBoolean()) ours
        | ours -> Fact.number name theirs (System.Convert.ToDouble ours)

    let private oneNumber (where: string) (theirs: JsonElement) (ours: torch.Tensor) : Fact =
        match ours.NumberOfElements with
        | 1L -> Fact.number where theirs (ours.item<float>())
        | count -> Fact.text where "one number" $"%d{count} numbers"

    // Everything that a case or step expects of one call.
    let private callFacts (note: Fact -> unit) (loss: torch.nn.Module) (case: JsonElement) : unit =
        let inputs = inputs (Json.field "inputs" case)
        let theirs = Json.field "expected" case

        match Json.tryField "loss_under_no_grad" theirs with
        | Some theirs ->
            use _ = torch.no_grad ()
            note (oneNumber "loss_under_no_grad" theirs (compute loss inputs))
        | None -> ()

        let value = compute loss inputs

        Json.tryField "loss" theirs
        |> Option.iter (fun theirs -> note (oneNumber "loss" theirs value))

        value.backward ()

        for name, theirs in Json.members theirs do
            match name with
            | "loss"
            | "loss_under_no_grad"
            | "error" -> ()
            // [] and [1] are both one number, and that it is one has been seen.
            | "loss_shape" -> ()
            | "grad_embeddings" -> note (Fact.tensor name theirs (gradient "embeddings" inputs))
            | "grad_ref_emb" -> note (Fact.tensor name theirs (gradient "ref_emb" inputs))
            | "grad_params" -> Networks.gradientFacts name theirs (Networks.gradients loss) |> List.iter note
            | "params_after_forward" ->
                for name, theirs in Json.members theirs do
                    note (partFact name theirs loss)
            | name -> note (partFact name theirs loss)

    let private logits (note: Fact -> unit) (loss: torch.nn.Module) (case: JsonElement) : unit =
        match Json.trySome "get_logits" case with
        | None -> ()
        | Some theirs ->
            let embeddings = Tensors.floats (Json.field "embeddings" (Json.field "inputs" case))
            let ours = Build.invoke "get_logits" loss [ "embeddings", Made embeddings ] []
            note (Fact.tensor "get_logits" theirs (nonNull ours :?> torch.Tensor))

    // Another method than the loss itself: its results are a tuple or a record, in the fixture's order.
    let private methodFacts (note: Fact -> unit) (loss: torch.nn.Module) (method: string) (case: JsonElement) : unit =
        let given =
            inputs (Json.field "inputs" case)
            @ Build.arguments (Json.field "method_args" case)

        let results =
            match Build.invoke method loss given [] with
            | :? System.Runtime.CompilerServices.ITuple as several ->
                [ for index in 0 .. several.Length - 1 -> several[index] ]
            | one -> [ one ]

        for (name, theirs), ours in Seq.zip (Json.members (Json.field "expected" case)) results do
            note (Fact.tensor name theirs (nonNull ours :?> torch.Tensor))

    let private run (_: JsonElement) (note: Fact -> unit) (case: JsonElement) : unit =
        let loss = loss case

        match Json.trySome "steps" case, Json.trySome "method" case with
        | Some steps, _ ->
            for step in Json.items steps do
                callFacts note loss step
        | None, Some method -> methodFacts note loss (Json.text method) case
        | None, None ->
            logits note loss case
            callFacts note loss case

    let section: Section =
        {
            File = "losses"
            Groups = [ "cases", run; "helpers", LossFunctions.run ]
            Data = []
        }
