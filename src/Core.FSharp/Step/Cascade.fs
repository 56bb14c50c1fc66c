namespace MetricLearning.Core

open MetricLearning

/// A cascade: embeddings cut into sections, each with a loss of its own on what the section before found hard.
module Cascade =

    /// From the number of a section, the tuples of the one before, and its embeddings to the tuples it hands on and its
    /// losses.
    type Stage = int -> Tuples -> Embedded -> struct (Tuples * Losses)

    /// Consecutive columns of embeddings, `sizes[i]` of them in section i; columns that are left over are not used.
    /// Raises InvalidOperationException when embeddings are narrower than that.
    let sections (sizes: int list) (embedded: Embedded) : Embedded list =
        let width, wanted = embedded.Embeddings.size 1, List.sumBy int64 sizes

        if wanted > width then
            let sum = sizes |> List.map string |> String.concat " + "

            invalidOp
                $"embeddingSizes add up to {sum} = {wanted}, but embeddings have {width} numbers. Let the embedder make {wanted}, or give smaller sizes."

        let starts = sizes |> List.scan (fun start size -> start + int64 size) 0L

        (sizes, List.take sizes.Length starts)
        ||> List.map2 (fun size start ->
            { embedded with
                Embeddings = embedded.Embeddings.narrow (1L, start, int64 size)
            })

    /// The losses of all sections; each is given the tuples of the one before, the first all of them.
    let fold (sizes: int list) (stage: Stage) (embedded: Embedded) : Losses =
        let losses, _ =
            sections sizes embedded
            |> List.indexed
            |> List.mapFold
                (fun tuples (number, section) ->
                    let struct (handedOn, losses) = stage number tuples section
                    losses, handedOn)
                Tuples.All

        Objective.all losses
