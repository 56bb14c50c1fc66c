namespace MetricLearning.Parity

open System.Text.Json
open TorchSharp
open MetricLearning
open MetricLearning.Core

/// distances_reducers_regularizers.json: distances.
[<RequireQualifiedAccess>]
module Distances =

    let private rows (tensor: torch.Tensor) (places: int64 list) : torch.Tensor =
        tensor.index_select (0L, torch.tensor (Array.ofList places))

    let private zeros (shape: JsonElement) : torch.Tensor =
        torch.zeros (Array.map int64 (Json.numbers shape), dtype = torch.float64)

    // The inputs of a case: numbers, or only their shape.
    let private input (name: string) (shapeName: string) (inputs: JsonElement) : torch.Tensor option =
        match Json.trySome name inputs, Json.trySome shapeName inputs with
        | Some values, _ -> Some(Tensors.leaf values)
        | None, Some shape -> Some(zeros shape)
        | None, None -> None

    // What a distance that calls back is given: block by block, start, end, matrix, which is only lent.
    let private callback (blocks: ResizeArray<torch.Tensor * objnull * objnull>) : Argument =
        Function(fun given ->
            blocks.Add((nonNull given[0] :?> torch.Tensor).clone(), given[1], given[2])
            null)

    let private blockFacts (theirs: JsonElement) (ours: ResizeArray<torch.Tensor * objnull * objnull>) : Fact list =
        [
            Fact.text "calls" (string (Json.items theirs).Length) (string ours.Count)

            for index, theirs in Seq.indexed (Json.items theirs) do
                let matrix, first, last = ours[index]
                Fact.number $"calls[%d{index}].s" (Json.field "s" theirs) (System.Convert.ToDouble first)
                Fact.number $"calls[%d{index}].e" (Json.field "e" theirs) (System.Convert.ToDouble last)
                Fact.tensor $"calls[%d{index}].mat" (Json.field "mat" theirs) matrix
        ]

    // The helpers that need no batch, on u and v.
    let private scalarFacts (theirs: JsonElement) (distance: Distance) : Fact list =
        let u = torch.tensor [| 0.3; 0.9 |]
        let v = torch.tensor [| 0.5; 0.2 |]

        [
            for name, ours in
                [
                    "margin(u,v)", distance.Margin(u, v)
                    "smallest_dist(u,v)", distance.SmallestDist(u, v)
                    "largest_dist(u,v)", distance.LargestDist(u, v)
                ] do
                match Json.tryField name theirs with
                | Some theirs -> Fact.tensor name theirs ours
                | None -> ()
        ]

    // Row by row, on embeddings as they are: five with five of the reference set, or else with their neighbours.
    let private pairwiseFacts
        (theirs: JsonElement)
        (distance: Distance)
        (embeddings: torch.Tensor)
        (reference: torch.Tensor option)
        : Fact list =
        match Json.tryField "pairwise_first5" theirs with
        | None -> []
        | Some theirs ->
            let others =
                match reference with
                | Some reference -> rows reference [ 0L .. 4L ]
                | None -> rows embeddings [ 1L; 2L; 3L; 4L; 0L ]

            let ours = distance.PairwiseDistance(rows embeddings [ 0L .. 4L ], others)
            [ Fact.tensor "pairwise_first5" theirs ours ]

    let private run (_: JsonElement) (note: Fact -> unit) (case: JsonElement) : unit =
        let spec = Json.field "distance" case
        let inputs = Json.field "inputs" case
        let theirs = Json.field "expected" case
        let blocks = ResizeArray()

        let distance =
            Build.construct
                (Json.text (Json.field "type" spec))
                (Build.arguments (Json.field "args" spec))
                (("iter_fn", callback blocks) :: Stats.collected)

        let embeddings = (input "embeddings" "embeddings_shape" inputs).Value
        let reference = input "ref_emb" "ref_shape" inputs

        match Json.tryField "calls" theirs, distance with
        | Some calls, distance ->
            let given =
                [
                    "query", Made embeddings
                    match reference with
                    | Some reference -> "reference", Made reference
                    | None -> ()
                ]

            Build.invoke "matrix" distance given [] |> ignore
            blockFacts calls blocks |> List.iter note
        | None, (:? Distance as distance) ->
            let matrix = distance.Matrix(embeddings, Option.toObj reference)
            note (Fact.tensor "matrix" (Json.field "matrix" theirs) matrix)

            match Json.tryField "upstream_gradient" case with
            | Some upstream -> (matrix * Tensors.floats upstream).sum().backward()
            | None -> matrix.sum().backward()

            note (Fact.tensor "grad_embeddings" (Json.field "grad_embeddings" theirs) embeddings.grad)

            match Json.tryField "grad_ref_emb" theirs, reference with
            | Some theirs, Some reference -> note (Fact.tensor "grad_ref_emb" theirs reference.grad)
            | _ -> ()

            match Json.tryField "stats" theirs with
            | Some theirs -> Stats.facts "stats" theirs distance |> List.iter note
            | None -> ()

            match Json.tryField "is_inverted" theirs with
            | Some theirs -> note (Fact.truth "is_inverted" (theirs.GetBoolean()) distance.IsInverted)
            | None -> ()

            for name, ours in
                [
                    "normalized", distance.MaybeNormalize embeddings
                    "norm", distance.GetNorm embeddings
                ] do
                match Json.tryField name theirs with
                | Some theirs -> note (Fact.tensor name theirs ours)
                | None -> ()

            pairwiseFacts theirs distance embeddings reference |> List.iter note
            scalarFacts theirs distance |> List.iter note
        | None, other -> raise (MissingPart $"%s{other.GetType().Name} as a Distance")

    let group = "distances", run
