namespace MetricLearning.Core

open MetricLearning

/// Cuts embeddings into sections and trains each with a loss of its own (a generalisation of Yuan et al. 2017,
/// "Hard-Aware Deeply Cascaded Embedding").
[<CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module CascadedEmbeddings =

    /// A trunk, and a metric loss for each section; optional: an embedder, a subset miner, and for each section a miner and a
    /// classifier with its loss.
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

    let private checkSizes (embeddingSizes: int list) (_: RunOptions) : Diagnostics =
        Diagnostics.errors
            [
                if embeddingSizes.IsEmpty then
                    "embeddingSizes is empty; give the size of every section of the embeddings."
                for size in embeddingSizes do
                    if size < 1 then
                        $"embeddingSizes contains {size}; every section has at least one column."
            ]

    let private givenTuples (embeddingSizes: int list) =
        [
            for number in 0 .. embeddingSizes.Length - 1 do
                Keys.numbered Keys.MetricLoss number, GivenTuples.Mined(Keys.numbered Keys.TupleMiner number)
                Keys.numbered Keys.ClassifierLoss number, GivenTuples.Nothing
        ]

    let private stage (ctx: Context) (number: int) (pool: Tuples) (section: Embedded) : struct (Tuples * Losses) =
        let numbered name = Keys.numbered name number

        let mined = Mining.mineWithin (numbered Keys.TupleMiner) pool ctx section

        let losses =
            Objective.metricAs (numbered Keys.MetricLoss) ctx
            <+> Objective.headAs (numbered Keys.Classifier) (numbered Keys.ClassifierLoss) ctx

        struct (mined.Tuples, losses mined)

    /// Embed; for each section, mine among what the section before it chose, metric loss and classifier loss. Everything
    /// counts in every epoch. `embeddingSizes`: the number of columns of each section of the embeddings.
    let recipe (embeddingSizes: int list) : Recipe =
        let schema = schema embeddingSizes

        {
            Schema = schema
            Inspect =
                fun run ->
                    Diagnostics.concat
                        [
                            checkSizes embeddingSizes run
                            LossInputs.check schema.Trainer (givenTuples embeddingSizes) run
                        ]
            Decide = Recipe.everyEpoch schema.Heads
            Halves = Halves.cut Embedding.embed (fun ctx -> Cascade.fold embeddingSizes (stage ctx))
        }
