namespace MetricLearning.Parity

open System.Text.Json
open TorchSharp
open MetricLearning.Core

/// samplers.json: lengths, errors, and what every window or batch must look like.
[<RequireQualifiedAccess>]
module Samplers =

    let private seed = Seed.ofInt64 1L

    // As many as a sampler needs to show each of its classes and arrangements.
    let private passes = 20

    // A sampler by its documented name, from what the case says and what it needs besides.
    let private sampler (name: string) (needs: Arguments) (case: JsonElement) : obj =
        Build.construct name (needs @ Build.arguments (Json.field "args" case)) []

    // A set of labels that the case names.
    let private labels (root: JsonElement) (case: JsonElement) : JsonElement =
        match Json.tryField "labels_list" case with
        | Some given -> given
        | None ->
            let name = Json.text (Json.field "labels" case)

            Json.items (Json.field "label_sets" root)
            |> Array.find (fun candidate -> Json.text (Json.field "id" candidate) = name)
            |> Json.field "labels"

    let private lengths (note: Fact -> unit) (expected: JsonElement) (length: System.Nullable<int64>) : unit =
        note (Fact.number "len" (Json.field "len" expected) (float (length.GetValueOrDefault -1L)))

    let private mPerClass (root: JsonElement) (note: Fact -> unit) (case: JsonElement) : unit =
        let labels = labels root case
        let expected = Json.field "expected" case

        let sampler = sampler "MPerClassSampler" [ "labels", Given labels ] case :?> Sampler

        let perClass = Json.field "args" case |> Json.field "m" |> Json.number |> int
        let labelOf = Json.numbers labels

        let members = labelOf |> Array.countBy id |> Map.ofArray

        let drawn =
            [|
                for pass in 0 .. passes - 1 -> Array.ofSeq (sampler.Pass(seed, int64 pass))
            |]

        let window = int (Json.number (Json.field "window" expected))
        let windows = drawn |> Array.collect (Array.chunkBySize window)

        let classesOf (indices: int64[]) =
            indices |> Array.groupBy (fun index -> labelOf[int index])

        let distinctWhereEnough (label: float, indices: int64[]) =
            members[label] < perClass || (Array.distinct indices).Length = indices.Length

        lengths note expected sampler.Length

        // The same number for every pass or window.
        let always (name: string) (ours: int seq) =
            for ours in Seq.distinct ours do
                note (Fact.number name (Json.field name expected) (float ours))

        always "iter_len" (drawn |> Seq.map _.Length)
        always "num_iters" (drawn |> Seq.map (fun pass -> pass.Length / window))
        always "trailing_zeros_padding" (drawn |> Seq.map (fun pass -> pass.Length % window))
        always "length_of_single_pass" [ perClass * (classesOf (Array.concat drawn)).Length ]
        let classes = windows |> Array.map classesOf
        always "classes_per_window" (classes |> Seq.map _.Length)

        let eachClass (holds: float * int64[] -> bool) =
            classes |> Array.forall (Array.forall holds)

        note (
            Fact.holds "every_full_window_has_m_per_class" (eachClass (fun (_, indices) -> indices.Length = perClass))
        )

        note (Fact.holds "no_repeats_when_class_has_m_samples" (eachClass distinctWhereEnough))

    // The distinct sizes, ascending.
    let private sizes (counts: int seq) : float list =
        counts |> Seq.distinct |> Seq.sort |> Seq.map float |> List.ofSeq

    let private hierarchical (root: JsonElement) (note: Fact -> unit) (case: JsonElement) : unit =
        let rows =
            Json.items (Json.items (Json.field "hierarchical_labels" root) |> Array.head)
            |> Array.map Json.numbers

        let rows =
            match Json.tryField "labels_columns_swapped" case with
            | Some swapped when swapped.GetBoolean() -> rows |> Array.map Array.rev
            | _ -> rows

        let labels =
            torch.tensor(rows |> Array.concat |> Array.map int64, dtype = torch.int64).reshape(rows.LongLength, 2L)

        let sampler =
            sampler "HierarchicalSampler" [ "labels", Made labels ] case :?> BatchSampler

        let expected = Json.field "expected" case
        let batches = Array.ofSeq (sampler.Pass(seed, 0L))

        let superClasses (batch: int64[]) =
            batch
            |> Array.map (fun index -> rows[int index][1])
            |> Array.distinct
            |> Array.sort

        let perClass (batch: int64[]) =
            batch |> Array.countBy (fun index -> rows[int index]) |> Array.map snd

        let compare (name: string) (ours: float list) =
            match Json.tryField name expected with
            | Some theirs -> note (Fact.numbers name theirs ours)
            | None -> ()

        lengths note expected sampler.Length

        Json.tryField "batches" expected
        |> Option.iter (fun theirs -> note (Fact.number "batches" theirs batches.Length))

        compare "batch_sizes" (sizes (batches |> Seq.map _.Length))
        compare "super_classes_per_batch" (sizes (batches |> Seq.map (superClasses >> Array.length)))
        compare "samples_per_present_class" (sizes (batches |> Seq.collect perClass))
        compare "each_super_tuple_count" (sizes (batches |> Seq.countBy superClasses |> Seq.map snd))

    let private fixedSetOfTriplets (root: JsonElement) (note: Fact -> unit) (case: JsonElement) : unit =
        let labels = labels root case
        let labelOf = Json.numbers labels
        let expected = Json.field "expected" case

        let sampler =
            sampler "FixedSetOfTriplets" [ "labels", Given labels ] case :?> Sampler

        let pass (number: int64) =
            sampler.Pass(seed, number) |> Seq.map int |> Array.ofSeq

        let triplets = pass 0L |> Array.chunkBySize 3
        let members = labelOf |> Array.countBy id |> Map.ofArray
        lengths note expected sampler.Length
        note (Fact.number "iter_len" (Json.field "iter_len" expected) (float (pass 0L).Length))

        note (
            Fact.holds
                "same_multiset_of_triplets_each_iter"
                (Array.sort triplets = Array.sort (pass 1L |> Array.chunkBySize 3))
        )

        let every (name: string) (holds: int -> int -> int -> bool) =
            note (Fact.holds name (triplets |> Array.forall (fun triplet -> holds triplet[0] triplet[1] triplet[2])))

        every "anchor_positive_same_label" (fun a p _ -> labelOf[a] = labelOf[p])
        every "negative_other_label" (fun a _ n -> labelOf[a] <> labelOf[n])
        every "anchor_may_equal_positive_only_for_singleton_class" (fun a p _ -> a <> p || members[labelOf[a]] = 1)

    // The weights come from a model, a miner and a data set. Cases of a subset give no inputs: any will do.
    let private tuplesToWeights (root: JsonElement) (note: Fact -> unit) (case: JsonElement) : unit =
        Library.typeNamed "TuplesToWeightsSampler" |> ignore

        let given =
            match Json.trySome "inputs" case with
            | Some _ -> case
            | None -> Json.items (Json.field "tuples_to_weights" root) |> Array.head

        let inputs = Json.field "inputs" given
        let model = torch.nn.Linear(5L, 4L)
        Networks.load (Json.field "model" given |> Json.without "type") model

        let dataset =
            Dataset.ofTensors
                (Tensors.floats (Json.field "embeddings" inputs))
                (Tensors.integers (Json.field "labels" inputs))

        let args = Json.field "args" case

        let sampler =
            Build.construct
                "TuplesToWeightsSampler"
                [
                    "model", Made model
                    "dataset", Made dataset
                    for name, value in Json.members args do
                        if name = "tester_kwargs" then
                            yield! Build.arguments value
                        else
                            name, Given value
                ]
                []
            :?> Sampler

        let expected = Json.field "expected" case
        let drawn = Array.ofSeq (sampler.Pass(seed, 0L))

        let weights = Tensors.values (Library.property "weights" sampler :?> torch.Tensor)

        lengths note expected sampler.Length
        note (Fact.number "iter_len" (Json.field "iter_len" expected) (float drawn.Length))

        let positive = weights |> Array.filter (fun weight -> weight > 0.0)

        for name, theirs in Json.members expected do
            match name with
            | "weights_float32" -> note (Fact.numbers name theirs weights)
            | "nonzero_weights" -> note (Fact.number name theirs positive.Length)
            | "nonzero_weights_at_most" -> note (Fact.holds name (float positive.Length <= Json.number theirs))
            | "never_drawn_are_zero_weight" ->
                note (Fact.holds name (drawn |> Array.forall (fun index -> weights[int index] > 0.0)))
            | _ -> ()

    let section: Section =
        {
            File = "samplers"
            Groups =
                [
                    "m_per_class", mPerClass
                    "hierarchical", hierarchical
                    "fixed_set_of_triplets", fixedSetOfTriplets
                    "tuples_to_weights", tuplesToWeights
                ]
            Data = [ "label_sets"; "hierarchical_labels" ]
        }
