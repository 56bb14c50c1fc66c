namespace MetricLearning.Core

/// The reasons for which processes meet.
type internal Occasion =
    | Trainer = 1L
    | State = 2L
    | Training = 3L
    | Batch = 4L
    | Rows = 5L
    | Gradients = 6L
    | Step = 7L
    | Score = 8L
    | Order = 9L
    | Normalization = 10L
    | Embeddings = 11L
    | Search = 12L
    | Statistics = 13L
    | Tiles = 14L

/// Occasions in words.
module internal Occasion =

    /// The doings of a process that has come for it, in words.
    let describe (occasion: Occasion) : string =
        match occasion with
        | Occasion.Trainer -> "makes a trainer"
        | Occasion.State -> "takes up a state or checkpoint"
        | Occasion.Training -> "is about to begin an iteration, or to end training"
        | Occasion.Batch
        | Occasion.Rows
        | Occasion.Tiles
        | Occasion.Gradients
        | Occasion.Step -> "is in an iteration of training"
        | Occasion.Score -> "moves plateau schedules by a score"
        | Occasion.Order -> "draws the order of the data"
        | Occasion.Normalization
        | Occasion.Statistics -> "is in a batch norm layer that is synchronised"
        | Occasion.Embeddings -> "embeds a data set"
        | Occasion.Search -> "searches neighbours"
        | other -> $"does something else ({int64 other})"
