namespace MetricLearning

open TorchSharp

/// For losses of two views of every sample: the embeddings are one, the reference embeddings the other, row by row.
module internal Views =

    /// The other view, or null; an error if labels or tuples are given, or if the rows do not go together.
    let check (loss: string) (input: MetricInput) : torch.Tensor | null =
        if not (isNull input.Labels) || not (isNull input.RefLabels) then
            invalidArg
                "labels"
                $"{loss} takes no labels: row i of the embeddings and of the reference embeddings belong together."

        match input.Tuples with
        | Tuples.All -> ()
        | _ ->
            invalidArg
                "tuples"
                $"{loss} takes no tuples: row i of the embeddings and of the reference embeddings belong together."

        if
            input.RefEmbeddings.size 0 <> input.Embeddings.size 0
            || input.RefEmbeddings.size 1 <> input.Embeddings.size 1
        then
            invalidArg
                "refEmbeddings"
                $"{loss} compares row with row: the embeddings are {input.Embeddings.size 0} × {input.Embeddings.size 1}, the reference embeddings {input.RefEmbeddings.size 0} × {input.RefEmbeddings.size 1}."

        input.References
