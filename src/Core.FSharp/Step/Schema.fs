namespace MetricLearning.Core

open MetricLearning

/// The need of a trainer for an entry.
[<RequireQualifiedAccess>]
type Presence =
    /// Construction fails without it.
    | Required
    /// Construction is silent when it is missing.
    | Optional

/// The keys that a trainer knows.
type Schema =
    {
        /// The trainer's name, as errors and reports show it.
        Trainer: string
        /// The networks.
        Models: (string * Presence) list
        /// The loss functions.
        Losses: (string * Presence) list
        /// Losses that are computed without a loss function; they have weights and are reported like the others.
        ExtraLosses: string list
        /// Networks on top of the embeddings, each with the loss function on its output: neither does without the other.
        Heads: (string * string) list
        /// The miners.
        Miners: string list
        /// The number of samples side by side in one: 2 where a sample is (anchor, positive or negative, label).
        Streams: int
        /// Networks that follow others.
        Followers: Follower list
        /// True if the recipe itself gives inputs to networks, rather than all of a sample's to the trunk.
        RoutesInputs: bool
    }

/// Making schemas.
module Schema =

    /// The keys that most trainers know: a trunk, perhaps an embedder, a metric loss, a subset miner and a tuple miner.
    let basic (trainer: string) : Schema =
        {
            Trainer = trainer
            Models = [ Keys.Trunk, Presence.Required; Keys.Embedder, Presence.Optional ]
            Losses = [ Keys.MetricLoss, Presence.Required ]
            ExtraLosses = []
            Heads = []
            Miners = [ Keys.SubsetBatchMiner; Keys.TupleMiner ]
            Streams = 1
            Followers = []
            RoutesInputs = false
        }

    /// The keys of networks and losses that learn, when there are optimizers for them: all but networks that follow others.
    let internal learning (schema: Schema) : string list =
        let followers = schema.Followers |> List.map _.Network

        List.map fst (schema.Models @ schema.Losses)
        |> List.filter (fun key -> not (List.contains key followers))
