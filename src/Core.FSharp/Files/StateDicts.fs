namespace MetricLearning

open System
open System.Collections.Generic
open System.IO

/// Finding the state dict in what `torch.save` wrote.
module internal StateDicts =

    let private fail (message: string) = raise (InvalidDataException message)

    /// A tensor by its name in a state dict.
    type Named = (struct (string * PickledTensor))[]

    // Deep enough for {"checkpoint": {"ema": {"model": {…}}}}, and it ends in dictionaries that hold themselves.
    let private maxDepth = 4

    let private tensorsOf (dict: PickledDict) : Named =
        [|
            for KeyValue(name, value) in dict.Items do
                match value with
                | PickleValue.Tensor tensor -> struct (name, tensor)
                | _ -> ()
        |]

    // A tensor in it could be hidden in an object that only Python can build.
    let private checkPlain (dict: PickledDict) : unit =
        for KeyValue(name, value) in dict.Items do
            match value with
            | PickleValue.Foreign owner when owner.Contains '.' ->
                fail $"its \"{name}\" is no plain tensor but made by \"{owner}\", which this library does not build"
            | _ -> ()

    let private hasTensors (dict: PickledDict) : bool =
        dict.Items |> Seq.exists (fun (KeyValue(_, value)) -> value.IsTensor)

    /// Every dictionary that holds tensors itself, with its path: keys joined by "/".
    let rec private find (seen: HashSet<PickledDict>) (path: string) (depth: int) (dict: PickledDict) =
        [
            if seen.Add dict then
                if hasTensors dict then
                    path, dict

                if depth < maxDepth then
                    for KeyValue(key, value) in dict.Items do
                        match value with
                        | PickleValue.Dict inner ->
                            yield! find seen (if path = "" then key else $"{path}/{key}") (depth + 1) inner
                        | _ -> ()
        ]

    let private list (paths: string seq) : string =
        let shown = Seq.truncate 10 paths |> Seq.map (fun path -> $"\"{path}\"")
        let more = if Seq.length paths > 10 then ", …" else ""
        String.Join(", ", shown) + more

    let private choose (entry: string | null) (root: PickledDict) : PickledDict =
        let found = find (HashSet(HashIdentity.Reference)) "" 0 root
        let paths = List.map fst found

        match entry with
        | null ->
            match found with
            | [ _, only ] -> only
            | [] -> fail "it has no tensors by name"
            | _ -> fail $"it holds several state dicts; say with Entry which to take: {list paths}"
        | entry ->
            match found |> List.tryFind (fun (path, _) -> path = entry) with
            | Some(_, dict) -> dict
            | None when found.IsEmpty -> fail $"it has no entry \"{entry}\" with tensors, and none elsewhere"
            | None -> fail $"it has no entry \"{entry}\" with tensors; it has them in {list paths}"

    /// The tensors of the one state dict in a value, or of the one at a path.
    /// InvalidDataException, saying what there is instead, when there is none or the choice is open.
    let tensors (entry: string | null) (root: PickleValue) : Named =
        match root with
        | PickleValue.Dict root ->
            let chosen = choose entry root
            checkPlain chosen
            tensorsOf chosen
        | PickleValue.Foreign owner ->
            fail
                $"it holds an object of class \"{owner}\", which this library does not build. Save the module's weights instead: torch.save(model.state_dict(), path)"
        | PickleValue.Tensor _ ->
            fail "it holds one tensor without a name. Save a dictionary: torch.save({\"name\": tensor}, path)"
        | _ -> fail "it holds no dictionary of tensors. Save a module's weights: torch.save(model.state_dict(), path)"
