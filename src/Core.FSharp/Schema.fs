namespace MetricLearning.Core

/// A name, or a family of numbered names (`metric_loss_0`, `metric_loss_1`, …), that a trainer knows.
[<RequireQualifiedAccess>]
type Name =
    /// Exactly this key.
    | Exactly of string
    /// This text, an underscore and a number from 0.
    | Numbered of string

/// Whether a trainer can do without an entry.
[<RequireQualifiedAccess>]
type Presence =
    /// Construction fails without it.
    | Required
    /// Most runs have it: construction warns without it.
    | Expected
    /// Nothing is said when it is missing.
    | Optional

/// What a trainer takes: a table of the keys it knows.
type Schema =
    {
        /// The trainer's name, as errors and reports show it.
        Trainer: string
        /// The networks.
        Models: (Name * Presence) list
        /// The loss functions.
        Losses: (Name * Presence) list
        /// Losses that are computed without a loss function; they have weights and are reported like the others.
        ExtraLosses: string list
        /// The miners.
        Miners: Name list
    }

/// Matching keys against names.
module Name =

    /// Whether a key is the name, or one of the numbered names. Names match exactly, never as a prefix.
    let matches (key: string) (name: Name) : bool =
        match name with
        | Name.Exactly text -> key = text
        | Name.Numbered prefix ->
            let number = key.Substring(min key.Length (prefix.Length + 1))

            key.StartsWith(prefix + "_", System.StringComparison.Ordinal)
            && number <> ""
            && Seq.forall System.Char.IsAsciiDigit number
            && (number = "0" || number[0] <> '0')

    /// How an error message shows the name.
    let show (name: Name) : string =
        match name with
        | Name.Exactly text -> $"\"{text}\""
        | Name.Numbered prefix -> $"\"{prefix}_0\", \"{prefix}_1\", …"
