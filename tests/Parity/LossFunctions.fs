namespace MetricLearning.Parity

open System.Text.Json
open TorchSharp
open MetricLearning
open MetricLearning.Core

/// losses.json's helpers: the functions beneath losses, from labels to tuples, from one form of tuples to another, and
/// the logarithm of sums.
[<RequireQualifiedAccess>]
module LossFunctions =

    type private Input =
        {
            Labels: torch.Tensor
            RefLabels: torch.Tensor | null
            Tuples: Tuples
        }

    let private input (case: JsonElement) : Input =
        let inputs = Json.field "inputs" case

        {
            Labels = Tensors.integers (Json.field "labels" inputs)
            RefLabels = Json.trySome "ref_labels" inputs |> Option.map Tensors.integers |> Option.toObj
            Tuples =
                match Json.tryField "indices_tuple" inputs with
                | Some tuples -> Indices.read tuples
                | None -> Tuples.All
        }

    let private pairs struct (a1, p, a2, n) = Tuples.Pairs(a1, p, a2, n)
    let private triplets struct (a, p, n) = Tuples.Triplets(a, p, n)

    let private tuples (convert: Input -> Tuples) (case: JsonElement) : Fact list =
        Indices.facts "tuple" (Json.field "expected" case) (convert (input case))

    let private weights (isSelf: bool) (case: JsonElement) : Fact list =
        let input = input case
        let like = torch.empty (0L, dtype = torch.float64)
        let ours = Tuples.toWeights (input.Labels.size 0) isSelf like input.Tuples
        [ Fact.tensor "weights" (Json.field "expected" case) ours ]

    let private uniquePairs (case: JsonElement) : Fact list =
        let input = input case

        let struct (a, p) =
            Tuples.uniqueLabelPairs input.Labels input.RefLabels input.Tuples

        [ Indices.vectorFact "pairs" (Json.field "expected" case) [ a; p ] ]

    // The reference keeps the dimension that it sums over; the numbers are the same.
    let private logSumExp (case: JsonElement) : Fact list =
        let inputs = Json.field "inputs" case
        let x = Tensors.floats (Json.field "x" inputs)
        let mask = Tensors.any (Json.field "keep_mask" inputs)
        let dim = int64 (Json.number (Json.field "dim" inputs))

        let compute (mask: torch.Tensor) =
            let withOne = (Json.field "add_one" inputs).GetBoolean()

            let sums =
                if withOne then
                    LogSumExp.withOne dim mask x
                else
                    LogSumExp.orZero dim mask x

            sums.unsqueeze dim

        [
            for name, mask in [ "masked", mask; "unmasked", torch.ones_like mask ] do
                Fact.tensor name (Json.field name (Json.field "expected" case)) (compute mask)
        ]

    // The documented name of each function, which is all that the fixture says of it.
    let private functions: (string * (JsonElement -> Fact list)) list =
        let noSeed = lazy (Seed.ofInt64 1L)

        [
            "get_all_pairs_indices", tuples (fun input -> pairs (Tuples.allPairs input.Labels input.RefLabels))
            "get_all_triplets_indices", tuples (fun input -> triplets (Tuples.allTriplets input.Labels input.RefLabels))
            "convert_to_pairs", tuples (fun input -> pairs (Tuples.toPairs input.Labels input.RefLabels input.Tuples))
            "convert_to_triplets",
            tuples (fun input ->
                Tuples.toTriplets (System.Nullable()) noSeed input.Labels input.RefLabels input.Tuples
                |> triplets)
            "convert_to_weights/using_ref", weights false
            "convert_to_weights", weights true
            "convert_to_pos_pairs_with_unique_labels", uniquePairs
            "logsumexp", logSumExp
        ]

    let run (_: JsonElement) (note: Fact -> unit) (case: JsonElement) : unit =
        let id = Json.text (Json.field "id" case)

        match
            functions
            |> List.tryFind (fun (name, _) -> id = name || id.StartsWith(name + "/"))
        with
        | Some(_, facts) -> facts case |> List.iter note
        | None -> raise (MissingPart(id.Split('/')[0]))
