namespace MetricLearning.Parity

open System.Text.Json
open TorchSharp
open MetricLearning
open MetricLearning.Core

/// samplers.json: samplers that choose triplets, or samples by the tuples that a miner finds.
[<RequireQualifiedAccess>]
module ByTuple =

    let fixedSetOfTriplets (root: JsonElement) (note: Fact -> unit) (case: JsonElement) : unit =
        let labels = Drawing.labels root case
        let labelOf = Json.numbers labels
        let expected = Json.field "expected" case

        let sampler =
            Drawing.sampler "FixedSetOfTriplets" [ "labels", Given labels ] case :?> Sampler

        let pass (number: int64) =
            sampler.Pass(Drawing.seed, number) |> Seq.map int |> Array.ofSeq

        let triplets = pass 0L |> Array.chunkBySize 3
        let members = labelOf |> Array.countBy id |> Map.ofArray
        Drawing.lengths note expected sampler.Length
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
    let tuplesToWeights (root: JsonElement) (note: Fact -> unit) (case: JsonElement) : unit =
        Library.typeNamed "TuplesToWeightsSampler" |> ignore

        let given =
            match Json.trySome "inputs" case with
            | Some _ -> case
            | None -> Json.items (Json.field "tuples_to_weights" root) |> Array.head

        let inputs = Json.field "inputs" given
        let model = torch.nn.Linear(5L, 4L)
        Networks.load (Json.field "model" given |> Json.without "type") model

        let dataset =
            MetricLearning.TrainingData.FromTensors(
                Tensors.floats (Json.field "embeddings" inputs),
                Tensors.integers (Json.field "labels" inputs)
            )

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
        let drawn = Array.ofSeq (sampler.Pass(Drawing.seed, 0L))

        let weights = Tensors.values (Library.property "weights" sampler :?> torch.Tensor)

        Drawing.lengths note expected sampler.Length
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
