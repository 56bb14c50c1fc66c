namespace MetricLearning.Core.Trainers

open MetricLearning
open MetricLearning.Core

/// Cuts embeddings into sections and trains each with a loss of its own (a generalisation of Yuan et al. 2017,
/// "Hard-Aware Deeply Cascaded Embedding").
module CascadedEmbeddings =

    /// A trunk, perhaps an embedder; for each section a metric loss, perhaps a miner, perhaps a classifier with its loss;
    /// perhaps a subset miner.
    let schema (embeddingSizes: int list) : Schema =
        let basic = Schema.basic "CascadedEmbeddings"

        let each name =
            List.init embeddingSizes.Length (Keys.numbered name)

        let optional = List.map (fun key -> key, Presence.Optional)

        { basic with
            Models = basic.Models @ optional (each Keys.Classifier)
            Losses =
                [ for key in each Keys.MetricLoss -> key, Presence.Required ]
                @ optional (each Keys.ClassifierLoss)
            Heads = List.zip (each Keys.Classifier) (each Keys.ClassifierLoss)
            Miners = Keys.SubsetBatchMiner :: each Keys.TupleMiner
        }

    let private checkSizes (embeddingSizes: int list) (_: Ingredients) : Diagnostics =
        Diagnostics.errors
            [
                if embeddingSizes.IsEmpty then
                    "embedding_sizes is empty; give the size of every section of the embeddings."
                for size in embeddingSizes do
                    if size < 1 then
                        $"embedding_sizes contains {size}; every section has at least one number."
            ]

    let private stage (ctx: Context) (number: int) (pool: Tuples) (section: Embedded) : struct (Tuples * Losses) =
        let numbered name = Keys.numbered name number

        let mined = Mining.mineWithin (numbered Keys.TupleMiner) pool ctx section

        let losses =
            Objective.metricAs (numbered Keys.MetricLoss) ctx
            <+> Objective.headAs (numbered Keys.Classifier) (numbered Keys.ClassifierLoss) ctx

        struct (mined.Tuples, losses mined)

    /// Embed, and for each section mine among what the section before it chose, metric loss and classifier loss;
    /// everything counts in every epoch. `embeddingSizes`: how many numbers of the embeddings each section has.
    let recipe (embeddingSizes: int list) : Recipe =
        let schema = schema embeddingSizes

        {
            Schema = schema
            Inspect = checkSizes embeddingSizes
            Decide = Plan.everything schema.Heads
            Objective = fun ctx -> Embedding.embed ctx >> Cascade.fold embeddingSizes (stage ctx)
        }
