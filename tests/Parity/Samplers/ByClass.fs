namespace MetricLearning.Parity

open System.Text.Json
open TorchSharp
open MetricLearning
open MetricLearning.Core

/// samplers.json: samplers that choose classes, by what every window or batch must look like.
[<RequireQualifiedAccess>]
module ByClass =

    let mPerClass (root: JsonElement) (note: Fact -> unit) (case: JsonElement) : unit =
        let labels = Drawing.labels root case
        let expected = Json.field "expected" case

        let sampler =
            Drawing.sampler "MPerClassSampler" [ "labels", Given labels ] case :?> Sampler

        let args = Json.field "args" case
        let perClass = int (Json.number (Json.field "m" args))
        let labelOf = Json.numbers labels

        let members = labelOf |> Array.countBy id |> Map.ofArray

        let drawn =
            [|
                for pass in 0 .. Drawing.passes - 1 -> Array.ofSeq (sampler.Pass(Drawing.seed, int64 pass))
            |]

        // A batch, or all classes once.
        let window =
            match Json.trySome "batch_size" args with
            | Some size -> int (Json.number size)
            | None -> perClass * members.Count

        let windows = drawn |> Array.collect (Array.chunkBySize window)

        let classesOf (indices: int64[]) =
            indices |> Array.groupBy (fun index -> labelOf[int index])

        let distinctWhereEnough (label: float, indices: int64[]) =
            members[label] < perClass || (Array.distinct indices).Length = indices.Length

        Drawing.lengths note expected sampler.Length

        // The same number for every pass or window.
        let always (name: string) (ours: int seq) =
            for ours in Seq.distinct ours do
                note (Fact.number name (Json.field name expected) (float ours))

        always "window" [ window ]
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

    let hierarchical (root: JsonElement) (note: Fact -> unit) (case: JsonElement) : unit =
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
            Drawing.sampler "HierarchicalSampler" [ "labels", Made labels ] case :?> BatchSampler

        let expected = Json.field "expected" case
        let batches = Array.ofSeq (sampler.Pass(Drawing.seed, 0L))

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

        Drawing.lengths note expected sampler.Length

        Json.tryField "batches" expected
        |> Option.iter (fun theirs -> note (Fact.number "batches" theirs batches.Length))

        compare "batch_sizes" (sizes (batches |> Seq.map _.Length))
        compare "super_classes_per_batch" (sizes (batches |> Seq.map (superClasses >> Array.length)))
        compare "samples_per_present_class" (sizes (batches |> Seq.collect perClass))
        compare "each_super_tuple_count" (sizes (batches |> Seq.countBy superClasses |> Seq.map snd))
