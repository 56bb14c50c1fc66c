namespace MetricLearning.Parity

open System.Text.Json
open TorchSharp
open MetricLearning
open MetricLearning.Core

/// What a loss wants its sum divided by, for elements of any kind.
[<Sealed>]
type private Divided(inner: LossElements, divisor: torch.Tensor) =
    inherit LossElements(inner.Name, inner.Kind)
    override _.IsEmpty = inner.IsEmpty
    override _.Sum() = inner.Sum()
    override _.Count() = inner.Count()
    override _.Between(low, high) = inner.Between(low, high)
    override _.WeightedByClass(weights, labels) = inner.WeightedByClass(weights, labels)
    override _.ToMatrix anchors = inner.ToMatrix anchors
    override _.List() = inner.List()
    override _.Divisor = divisor

/// distances_reducers_regularizers.json: reducers and regularizers.
[<RequireQualifiedAccess>]
module Reducers =

    let private elements (name: string) (part: JsonElement) (losses: torch.Tensor) : LossElements =
        let indices () =
            Json.items (Json.field "indices" part) |> Array.map Tensors.integers

        let pairs kind =
            let indices = indices ()
            ElementsOf.Pairs(name, kind, losses, indices[0], indices[1])

        match Json.text (Json.field "reduction_type" part) with
        // A loss that finds nothing says 0 rather than a tensor.
        | "already_reduced" when Json.isIntegral (Json.field "losses" part) -> ElementsOf.Nothing(name, losses)
        | "already_reduced" -> ElementsOf.Reduced(name, losses)
        | "element" -> ElementsOf.Rows(name, losses, Tensors.integers (Json.field "indices" part))
        | "pos_pair" -> pairs ElementKind.PositivePair
        | "neg_pair" -> pairs ElementKind.NegativePair
        | "triplet" ->
            let indices = indices ()
            ElementsOf.Triplets(name, losses, indices[0], indices[1], indices[2], null)
        | other -> raise (MissingPart $"elements of kind %s{other}")

    let private divided (part: JsonElement) (elements: LossElements) : LossElements =
        match Json.trySome "divisor" part with
        | Some divisor -> Divided(elements, Tensors.floats divisor)
        | None -> elements

    let private reduce (_: JsonElement) (note: Fact -> unit) (case: JsonElement) : unit =
        let spec = Json.field "reducer" case
        let theirs = Json.field "expected" case

        let reducer =
            Build.construct
                (Json.text (Json.field "type" spec))
                (Build.arguments (Json.field "args" spec))
                Stats.collected
            :?> Reducer

        let parts =
            [
                for name, part in Json.members (Json.field "loss_dict" case) do
                    let losses = Tensors.leaf (Json.field "losses" part)
                    losses, part, elements name part losses |> divided part
            ]

        let embeddings = Tensors.leaf (Json.field "embeddings" case)
        let labels = Tensors.integers (Json.field "labels" case)

        let value =
            reducer.Reduce([| for _, _, elements in parts -> elements |], embeddings, labels)

        match Json.tryField "returns_loss_dict_unchanged" theirs with
        | Some _ ->
            for losses, part, _ in parts do
                match Json.shape (Json.field "losses" part) with
                | [] -> note (Fact.number "losses" (Json.field "losses" part) (value.sum().item<float>()))
                | _ -> note (Fact.tensor "losses" (Json.field "losses" part) value)
        | None ->
            note (Fact.number "value" (Json.field "value" theirs) (value.item<float>()))

            match Json.trySome "grad_losses" theirs, parts with
            | Some theirs, [ losses, _, _ ] ->
                value.backward ()
                note (Fact.tensor "grad_losses" theirs losses.grad)
            | _ -> ()

            match Json.tryField "stats" theirs with
            | Some theirs -> Stats.facts "stats" theirs reducer |> List.iter note
            | None -> ()

    let private regularize (_: JsonElement) (note: Fact -> unit) (case: JsonElement) : unit =
        let spec = Json.field "regularizer" case
        let theirs = Json.field "expected" case

        let regularizer =
            Build.construct
                (Json.text (Json.field "type" spec))
                (Build.arguments (Json.field "args" spec))
                Stats.collected
            :?> Regularizer

        let weights = Tensors.leaf (Json.field "weights" (Json.field "inputs" case))
        let value = regularizer.Compute weights
        note (Fact.number "value" (Json.field "value" theirs) (value.item<float>()))
        value.backward ()
        note (Fact.tensor "grad" (Json.field "grad" theirs) weights.grad)
        Stats.facts "stats" (Json.field "stats" theirs) regularizer |> List.iter note

    let section: Section =
        {
            File = "distances_reducers_regularizers"
            Groups = [ Distances.group; "reducers", reduce; "regularizers", regularize ]
            Data = []
        }
