namespace MetricLearning.Parity

open System.IO
open System.Text.Json.Nodes

/// The runner's own test: in a copy of the fixtures, one number of each kind is changed by 1e-6, and its case must fail.
[<RequireQualifiedAccess>]
module SelfTest =

    // Where the reference speaks, in a case.
    let private isTheirs (name: string) : bool =
        name.StartsWith "expected"
        || name = "get_logits"
        || name = "admissible_negative_mask"

    /// What the fixtures' README says is not compared, and what only describes the reference.
    let private notCompared =
        set
            [
                "losses_at_hook"
                "g_adv_margin_after_constructor"
                "final_training_mode"
                "sensitivity"
                "zero_grad_set_to_none_max_abs_final_state_change"
                "error"
                "log"
                // A vector of one number is a number; a bound is not a number to reach.
                "loss_shape"
                "nonzero_weights_at_most"
                // Chance, which runs are given, and the count of it.
                "triplets"
                "synth_packaged_as_triplets"
            ]

    /// The numbers of a case that the reference gave, with their kind: the path without positions in lists.
    let rec private numbersOf (theirs: bool) (kind: string) (node: JsonNode | null) : (string * JsonValue) seq =
        seq {
            match node with
            | :? JsonObject as fields ->
                for field in fields do
                    if not (notCompared.Contains field.Key) then
                        yield! numbersOf (theirs || isTheirs field.Key) $"%s{kind}.%s{field.Key}" field.Value
            | :? JsonArray as items ->
                for item in items do
                    yield! numbersOf theirs $"%s{kind}[]" item
            | :? JsonValue as value when theirs && value.GetValueKind() = System.Text.Json.JsonValueKind.Number ->
                kind, value
            | _ -> ()
        }

    // By 1e-6, or more where a case is compared more loosely.
    let private change (case: JsonNode) (value: JsonValue) : unit =
        let number = value.GetValue<float>()

        let step =
            match case["suggested_tolerance"] with
            | null -> 1e-6
            | tolerance -> 10.0 * tolerance.GetValue<float>()

        value.ReplaceWith(number + step * max 1.0 (abs number))

    /// For each kind of number, the first passing case that has one: group, place in the group.
    let private samples (root: JsonNode) (passing: Set<string * string>) : (string * string * int) list =
        [
            for group in root.AsObject() do
                match group.Value with
                | :? JsonArray as cases ->
                    for index in 0 .. cases.Count - 1 do
                        match cases[index] with
                        | :? JsonObject as case when
                            case.ContainsKey "id"
                            && passing.Contains(group.Key, (nonNull case["id"]).GetValue<string>())
                            ->
                            for kind, _ in numbersOf false "" case |> Seq.distinctBy fst do
                                group.Key, kind, index
                        | _ -> ()
                | _ -> ()
        ]
        |> List.distinctBy (fun (group, kind, _) -> group, kind)

    let private text (path: string) : JsonNode =
        nonNull (JsonNode.Parse(File.ReadAllText path))

    /// The kinds of numbers whose change a file's runner does not notice.
    let private unnoticed (folder: string) (copy: string) (section: Section) : (int * string list) =
        let passing =
            Section.load section folder
            |> List.filter (fun case -> (Case.run case).IsPassed)
            |> List.map (fun case -> case.Group, case.Id)
            |> Set.ofList

        let path = Path.Combine(folder, $"%s{section.File}.json")
        let kinds = samples (text path) passing

        let notices (group: string, kind: string, index: int) =
            let changed = text path
            let case = nonNull ((nonNull changed[group]).AsArray()[index])
            let id = (nonNull case["id"]).GetValue<string>()

            numbersOf false "" case
            |> Seq.find (fun (found, _) -> found = kind)
            |> snd
            |> change case

            File.WriteAllText(Path.Combine(copy, $"%s{section.File}.json"), changed.ToJsonString())

            Section.load section copy
            |> List.filter (fun case -> case.Group = group && case.Id = id)
            |> List.exists (fun case -> (Case.run case).IsFailed)

        kinds.Length,
        kinds
        |> List.filter (notices >> not)
        |> List.map (fun (group, kind, _) -> $"%s{section.File}/%s{group}%s{kind}")

    /// Prints what the runner would not notice; true if there is nothing.
    let run (sections: Section list) (folder: string) : bool =
        let copy = Directory.CreateTempSubdirectory("parity-").FullName

        try
            let results = sections |> List.map (unnoticed folder copy)
            let blind = List.collect snd results

            for kind in blind do
                printfn $"FAILED a change of %s{kind} by 1e-6 goes unnoticed"

            printfn $"%d{List.sumBy fst results - blind.Length} passed, %d{blind.Length} failed"
            blind.IsEmpty
        finally
            Directory.Delete(copy, true)
