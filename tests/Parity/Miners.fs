namespace MetricLearning.Parity

open System.Text.Json
open TorchSharp
open MetricLearning
open MetricLearning.Core

/// miners.json: tuples and statistics.
[<RequireQualifiedAccess>]
module Miners =

    let private seed = Seed.ofInt64 1L

    let private miner (case: JsonElement) : Miner =
        let name = Json.text (Json.field "miner" case)

        match Build.construct name (Build.arguments (Json.field "args" case)) Stats.collected with
        | :? Miner as miner -> miner
        | other -> raise (MissingPart $"%s{other.GetType().Name} as a Miner")

    let private tensor (read: JsonElement -> torch.Tensor) (name: string) (case: JsonElement) : torch.Tensor | null =
        Json.field "inputs" case |> Json.trySome name |> Option.map read |> Option.toObj

    let private mine (miner: Miner) (seed: Seed) (case: JsonElement) : Tuples =
        miner.Mine(
            nonNull (tensor Tensors.floats "embeddings" case),
            nonNull (tensor Tensors.integers "labels" case),
            tensor Tensors.floats "ref_emb" case,
            tensor Tensors.integers "ref_labels" case,
            seed
        )

    let private run (_: JsonElement) (note: Fact -> unit) (case: JsonElement) : unit =
        let miner = miner case
        let theirs = Json.field "expected" case

        match Json.trySome "set_idx_externally" case with
        | Some previous ->
            let labels = nonNull (tensor Tensors.integers "labels" case)
            Build.invokeInOrder "set_idx_externally" miner [ Indices.read previous; labels ]
        | None -> ()

        let tuples = mine miner seed case
        Indices.facts "tuple" (Json.field "tuple" theirs) tuples |> List.iter note
        Stats.facts "stats" (Json.field "stats" theirs) miner |> List.iter note

    // Anchors, positives and negatives of random triplets, and the labels they must fit.
    let private tripletFacts (labels: float[]) (a: int[]) (p: int[]) (n: int[]) : Fact list =
        [
            Fact.holds "label[a]==label[p]" (Array.forall2 (fun a p -> labels[a] = labels[p]) a p)
            Fact.holds "a!=p" (Array.forall2 (<>) a p)
            Fact.holds "label[a]!=label[n]" (Array.forall2 (fun a n -> labels[a] <> labels[n]) a n)
        ]

    let private indices (vector: torch.Tensor) : int[] = Tensors.values vector |> Array.map int

    let private embeddingsAndLabels (case: JsonElement) : torch.Tensor * torch.Tensor =
        let inputs = Json.field "inputs" case
        Tensors.floats (Json.field "embeddings" inputs), Tensors.integers (Json.field "labels" inputs)

    let private euclidean (embeddings: torch.Tensor) : torch.Tensor = LpDistance().Matrix(embeddings, null)

    // The negatives that the weights leave: those nearer than the cutoff.
    let private nearNegatives (case: JsonElement) : torch.Tensor =
        let embeddings, labels = embeddingsAndLabels case

        let cutoff =
            Json.tryField "nonzero_loss_cutoff" (Json.field "args" case)
            |> Option.map Json.number
            |> Option.defaultValue 1.4

        let isNear = (euclidean embeddings).lt(cutoff.ToScalar())
        ((Tuples.differs labels null).logical_and isNear).to_type torch.float64

    // How many positive and negative pairs lie in each of equally wide bins between their extremes.
    let private populations (bins: int) (case: JsonElement) : (string * float[]) list =
        use _ = torch.NewDisposeScope()
        let embeddings, labels = embeddingsAndLabels case
        let distances = euclidean embeddings

        [
            for kind, mask in [ "pos", Tuples.matches labels null; "neg", Tuples.differs labels null ] do
                let values = distances.masked_select mask
                kind, Array.ofSeq (Tensors.values (values.histc (int64 bins)))
        ]


    // Negatives by chance: only admissible ones, about as often as the reference drew them.
    let private weightedNegatives (note: Fact -> unit) (case: JsonElement) : unit =
        let miner = miner case
        let labels = Json.numbers (Json.field "labels" (Json.field "inputs" case))
        let size = labels.Length
        let admissible = Json.numbers (Json.field "admissible_negative_mask" case)
        let theirs = Json.numbers (Json.field "empirical_negative_frequency" case)
        let draws = Json.number (Json.field "empirical_draw_count" case)
        let ours = Array.zeroCreate<float>(size * size)
        let calls = 500

        for call in 1..calls do
            use _ = torch.NewDisposeScope()

            match mine miner (Seed.derive "call" (int64 call) seed) case with
            | Tuples.Triplets(a, p, n) ->
                let a, p, n = indices a, indices p, indices n

                let counts =
                    Array.init size (fun row -> a |> Array.filter ((=) row) |> Array.length |> float)

                tripletFacts labels a p n |> List.iter note
                note (Fact.numbers "expected_count_per_anchor" (Json.field "expected_count_per_anchor" case) counts)
                Array.iter2 (fun a n -> ours[a * size + n] <- ours[a * size + n] + 1.0) a n
            | _ -> note (Fact.text "tuple" "triplets" "other tuples")

        note (Fact.tensor "admissible_negative_mask" (Json.field "admissible_negative_mask" case) (nearNegatives case))

        for a in 0 .. size - 1 do
            let total = Array.sum ours[a * size .. a * size + size - 1]

            for n in 0 .. size - 1 do
                let place = a * size + n
                let frequency = ours[place] / max 1.0 total
                // Five standard deviations of the difference of two frequencies.
                let spread =
                    theirs[place] * (1.0 - theirs[place]) * (1.0 / draws + 1.0 / max 1.0 total)

                let isNear =
                    abs (frequency - theirs[place]) <= 5.0 * sqrt spread + 5.0 / max 1.0 total

                note (Fact.holds "dist(a,n) < nonzero_loss_cutoff" (admissible[place] <> 0.0 || ours[place] = 0.0))
                note (Fact.holds "empirical_negative_frequency" (total = 0.0 || isNear))

    let private pairCounts (note: Fact -> unit) (case: JsonElement) : unit =
        let theirs = Json.field "expected" case

        match mine (miner case) seed case with
        | Tuples.Pairs(a1, _, a2, _) ->
            note (Fact.number "pos_tuples" (Json.field "pos_tuples" theirs) (float (a1.size 0)))
            note (Fact.number "neg_tuples" (Json.field "neg_tuples" theirs) (float (a2.size 0)))
            let bins = int (Json.number (Json.field "num_bins" (Json.field "args" case)))

            for kind, population in populations bins case do
                note (Fact.numbers $"%s{kind}_bin_population" (Json.field $"%s{kind}_bin_population" theirs) population)

                let filled = population |> Seq.filter ((<>) 0.0) |> Seq.length

                note (
                    Fact.number $"%s{kind}_nonempty_bins" (Json.field $"%s{kind}_nonempty_bins" theirs) (float filled)
                )
        | _ -> note (Fact.text "tuple" "pairs" "other tuples")

    let private randomTriplets (note: Fact -> unit) (case: JsonElement) : unit =
        let inputs = Json.field "inputs" case
        let labels = Json.field "labels" inputs

        let perAnchor =
            match Json.trySome "t_per_anchor" inputs with
            | Some count -> System.Nullable(int (Json.number count))
            | None -> System.Nullable()

        let struct (a, p, n) =
            Tuples.randomTriplets perAnchor seed (Tensors.integers labels) null

        note (Fact.numbers "expected_anchors" (Json.field "expected_anchors" case) (Tensors.values a))

        tripletFacts (Json.numbers labels) (indices a) (indices p) (indices n)
        |> List.iter note

    // What a case is about shows in what the fixture says of it.
    let private properties (_: JsonElement) (note: Fact -> unit) (case: JsonElement) : unit =
        let has name = (Json.tryField name case).IsSome

        if has "expected_anchors" then
            randomTriplets note case
        elif has "empirical_negative_frequency" then
            weightedNegatives note case
        else
            pairCounts note case

    let section: Section =
        {
            File = "miners"
            Groups = [ "cases", run; "random_properties", properties ]
            Data = []
        }
