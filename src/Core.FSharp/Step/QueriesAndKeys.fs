namespace MetricLearning.Core

open TorchSharp
open type TorchSharp.torch
open MetricLearning

/// Two views of every sample, each by a network of its own: row i of both is of sample i.
[<ReferenceEquality>]
type QueriesAndKeys =
    {
        /// The first views' embeddings by trunk and embedder, of shape (N, D).
        Queries: Tensor
        /// The second views' by the networks that follow these, of shape (N, D). They have no gradient.
        Keys: Tensor
        /// Int64 of shape (N).
        Labels: Tensor
    }

    interface IRows<QueriesAndKeys> with
        member both.ToRows() =
            {
                Tensors = [| both.Queries; both.Keys |]
                Labels = both.Labels
            }

        static member OfRows rows =
            {
                Queries = rows.Tensors[0]
                Keys = rows.Tensors[1]
                Labels = rows.Labels
            }

/// From samples of two views to queries, keys, and a loss between them.
module QueriesAndKeys =

    let private ofFollowers (ctx: Context) (view: Batch) : Tensor =
        use _ = no_grad ()

        (Embedding.embedBy Keys.MomentumTrunk Keys.MomentumEmbedder ctx view).Embeddings

    /// Queries of the first views, keys of the second.
    /// Raises InvalidOperationException when a sample does not have two.
    let embed (ctx: Context) (batch: Batch) : QueriesAndKeys =
        match MultiView.split ctx batch with
        | [| first; second |] ->
            {
                Queries = (Embedding.embed ctx first).Embeddings
                Keys = ofFollowers ctx second
                Labels = batch.Labels
            }
        | views ->
            invalidOp
                $"A sample has {views.Length} views; it must have two, one for the query and one for its key. Leave the number of views out where ToViews makes them."

    /// The metric loss of queries against keys; a CrossBatchMemory remembers the keys, and compares the queries with all that it
    /// remembers.
    let metric (ctx: Context) (both: QueriesAndKeys) : Losses =
        let keys: Embedded =
            {
                Embeddings = both.Keys
                Labels = both.Labels
            }

        Objective.term
            Keys.MetricLoss
            ctx
            (Mining.all >> Objective.lossAgainst Keys.MetricLoss ctx keys)
            { keys with Embeddings = both.Queries }
