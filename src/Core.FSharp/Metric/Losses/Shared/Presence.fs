namespace MetricLearning

open TorchSharp

/// The presence of pairs in a batch.
module internal Presence =

    let private ends (labels: torch.Tensor) : torch.Tensor =
        let struct (low, high) = labels.aminmax ()
        torch.stack [| low; high |]

    /// True if any anchor of the whole batch has a negative: a scalar. By equality some two differ unless all labels are one.
    let ofNegatives (input: MetricInput) : torch.Tensor =
        input.OfBatch(
            input.Whole,
            "has negatives",
            fun whole ->
                match whole.Tuples with
                | Tuples.All when not whole.Comparison.IsEquality ->
                    (LabelBlocks.sum whole (fun struct (_, differs) -> differs.sum ())).gt(Numeric.whole 0L)
                | Tuples.All ->
                    let labels = whole.RequireLabels()

                    let references =
                        match whole.RefLabels with
                        | null -> labels
                        | given -> given

                    let struct (low, high) = torch.cat([| ends labels; ends references |], 0L).aminmax()
                    low.ne high
                | _ ->
                    let struct (_, _, a2, _) = whole.Pairs()
                    torch.tensor (a2.size 0 > 0L, device = whole.Embeddings.device)
        )
