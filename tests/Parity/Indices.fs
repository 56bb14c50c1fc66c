namespace MetricLearning.Parity

open System.Text.Json
open TorchSharp
open MetricLearning
open MetricLearning.Core

/// Tuples as fixtures have them: three index vectors are triplets, four are pairs, null is whatever labels allow.
[<RequireQualifiedAccess>]
module Indices =

    let read (json: JsonElement) : Tuples =
        if Json.isNull json then
            Tuples.All
        else
            match Json.items json |> Array.map Tensors.integers with
            | [| a; p; n |] -> Tuples.Triplets(a, p, n)
            | [| a1; p; a2; n |] -> Tuples.Pairs(a1, p, a2, n)
            | vectors -> invalidArg (nameof json) $"%d{vectors.Length} index vectors are neither triplets nor pairs"

    let private columns (json: JsonElement) : float[] list =
        Json.items json |> Array.map Json.numbers |> List.ofArray

    /// Index vectors that belong together, as a set of tuples.
    let vectorFact (where: string) (theirs: JsonElement) (ours: torch.Tensor list) : Fact =
        Fact.tupleSet where (columns theirs) (List.map Tensors.values ours)

    /// Positive and negative pairs are two sets of tuples, triplets are one.
    let facts (where: string) (theirs: JsonElement) (ours: Tuples) : Fact list =
        let set part theirs ours =
            Fact.tupleSet $"%s{where}.%s{part}" theirs (List.map Tensors.values ours)

        match columns theirs, ours with
        | [ a; p; n ], Tuples.Triplets(a', p', n') -> [ set "triplets" [ a; p; n ] [ a'; p'; n' ] ]
        | [ a1; p; a2; n ], Tuples.Pairs(a1', p', a2', n') ->
            [
                set "positive pairs" [ a1; p ] [ a1'; p' ]
                set "negative pairs" [ a2; n ] [ a2'; n' ]
            ]
        | theirs, ours ->
            let form =
                match ours with
                | Tuples.All -> "all tuples"
                | Tuples.Pairs _ -> "pairs"
                | Tuples.Triplets _ -> "triplets"

            [ Fact.text where (if theirs.Length = 3 then "triplets" else "pairs") form ]
