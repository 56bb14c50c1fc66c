namespace MetricLearning.Core

open System
open TorchSharp
open type TorchSharp.torch
open MetricLearning

/// The embeddings of two streams: row i of both has label i.
[<ReferenceEquality>]
type TwoStreams =
    {
        /// Shape (N, D).
        Anchors: Tensor
        /// Positives or negatives, as the labels say: shape (N, D).
        Others: Tensor
        /// Int64 of shape (N).
        Labels: Tensor
    }

    interface IRows<TwoStreams> with
        member streams.ToRows() =
            {
                Tensors = [| streams.Anchors; streams.Others |]
                Labels = streams.Labels
            }

        static member OfRows rows =
            {
                Anchors = rows.Tensors[0]
                Others = rows.Tensors[1]
                Labels = rows.Labels
            }

/// From samples of (anchor, positive or negative, label) to tuples across the two streams.
module TwoStream =

    /// The embeddings of both streams, each from a forward pass of its own.
    /// Raises InvalidOperationException when a sample does not have as many inputs in one stream as in the other.
    let embed (ctx: Context) (batch: Batch) : TwoStreams =
        let inputs = batch.Data.Length

        if inputs % 2 <> 0 then
            invalidOp
                $"A sample must be (anchor, positive or negative, label); these have {inputs} input(s) besides the label. Let the dataset, or DataAndLabelGetter, give two streams."

        let stream first =
            (Embedding.embed
                ctx
                { batch with
                    Data = Array.sub batch.Data first (inputs / 2)
                })
                .Embeddings

        {
            Anchors = stream 0
            Others = stream (inputs / 2)
            Labels = batch.Labels
        }

    // The tuple miner's choice, or all triplets by the metric loss's comparison of labels. Anchors are rows of one stream, positives and negatives of the other, so
    // an anchor's own counterpart is a positive.
    let private choose (ctx: Context) (streams: TwoStreams) : Tuples =
        match Context.miner Keys.TupleMiner ctx with
        | Some miner ->
            let mine () =
                miner.Mine(
                    streams.Anchors,
                    streams.Labels,
                    streams.Others,
                    streams.Labels,
                    Seed.derive Keys.TupleMiner 0L ctx.Seed
                )

            PartCalls.miner Keys.TupleMiner miner mine
        | None ->
            let comparison = Context.comparison Keys.MetricLoss ctx

            let struct (a, p, n) =
                LabelMasks.triplets comparison (Nullable()) (lazy ctx.Seed) streams.Labels streams.Labels

            let rows = streams.Labels.size 0
            Tuples.Triplets(a, p, n) |> TupleRanges.mark rows rows

    /// Both streams as one set of 2N rows, anchors first, with the tuples that the tuple miner chooses across them; all
    /// triplets without one.
    let mine (ctx: Context) (streams: TwoStreams) : Mined =
        Mined(
            torch.cat ([| streams.Anchors; streams.Others |], 0L),
            torch.cat ([| streams.Labels; streams.Labels |], 0L),
            choose ctx streams |> TupleIndices.shift (streams.Anchors.size 0)
        )
