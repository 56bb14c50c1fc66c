namespace MetricLearning

open System
open System.Runtime.InteropServices
open TorchSharp

/// A way to compare labels.
[<RequireQualifiedAccess; ReferenceEquality>]
type internal LabelRule =
    /// One label a sample: the same or another.
    | Equality
    /// A column of 0 and 1 for each class, by the classes that both samples have: their number, or their share of all that one of
    /// the two has. From `matchesFrom` on samples match, below `differsBelow` they differ.
    | Overlap of isShare: bool * matchesFrom: float * differsBelow: float
    /// Functions of the user's that broadcast; null: what does not match differs.
    | Own of
        matches: Func<torch.Tensor, torch.Tensor, torch.Tensor> *
        differs: (Func<torch.Tensor, torch.Tensor, torch.Tensor> | null) *
        readsRows: bool

/// Says which samples match by their labels, and which differ: the pairs that losses and miners call positive and negative, and the
/// neighbours that accuracies count. Set it as `LabelComparison` where a loss or miner is made; an AccuracyCalculator takes it as
/// `labelComparison`.
[<Sealed>]
type LabelComparison private (name: string, rule: LabelRule) =

    static let equal = LabelComparison("Equal", LabelRule.Equality)

    static let anyInCommon = LabelComparison("AnyInCommon", LabelRule.Overlap(false, 1.0, 1.0))

    let readsRows =
        match rule with
        | LabelRule.Equality -> false
        | LabelRule.Overlap _ -> true
        | LabelRule.Own(_, _, readsRows) -> readsRows

    /// One label a sample; samples match if it is the same, and differ if not. The default.
    static member Equal: LabelComparison = equal

    /// Several classes a sample, as a row of 0 and 1 with a column for each class: samples match if they have at least one class in
    /// common, and differ if they have none.
    static member AnyInCommon: LabelComparison = anyInCommon

    /// <summary>Rows of 0 and 1 as of <c>AnyInCommon</c>: samples match if the classes that both have are at least this share of those that
    /// either has. With 1 they match if they have the same classes.</summary>
    /// <param name="atLeast">The share from which samples match, above 0 and at most 1.</param>
    /// <param name="differsBelow">The share below which samples differ; those between are neither positives nor negatives. Null: atLeast.</param>
    /// <exception cref="System.ArgumentException">A share out of range, or the second above the first.</exception>
    static member Jaccard(atLeast: float, [<Optional>] differsBelow: Nullable<float>) : LabelComparison =
        if not (atLeast > 0.0 && atLeast <= 1.0) then
            invalidArg (nameof atLeast) $"atLeast is a share of classes, above 0 and at most 1; it is {atLeast}."

        let below =
            if differsBelow.HasValue then
                differsBelow.Value
            else
                atLeast

        if not (below > 0.0 && below <= atLeast) then
            invalidArg
                (nameof differsBelow)
                $"differsBelow must be above 0 and at most atLeast ({atLeast}), or samples would match and differ; it is {below}."

        LabelComparison("Jaccard", LabelRule.Overlap(true, atLeast, below))

    /// <summary>A comparison of your own.</summary>
    /// <param name="matches">From labels x and y to truth values: true where they match. It broadcasts, as <c>x.eq(y)</c> does; with rows it
    /// also reduces the last dimension, as <c>x.eq(y).all(-1)</c> does. Which of two samples is x should not matter.</param>
    /// <param name="differs">The same for samples that differ, of which those that match are left out; null: all that do not match.</param>
    /// <param name="readsRows">True if a sample's labels are a row, of levels or of classes, and false if they are one number.</param>
    static member Own
        (
            matches: Func<torch.Tensor, torch.Tensor, torch.Tensor>,
            [<Optional; DefaultParameterValue(null: Func<torch.Tensor, torch.Tensor, torch.Tensor> | null)>] differs:
                Func<torch.Tensor, torch.Tensor, torch.Tensor> | null,
            [<Optional; DefaultParameterValue(false)>] readsRows: bool
        ) : LabelComparison =
        ArgumentNullException.ThrowIfNull(matches, nameof matches)
        LabelComparison("Own", LabelRule.Own(matches, differs, readsRows))

    /// The name of the member that made it.
    member _.Name: string = name

    /// True if a sample's labels are a row, and false if they are one number.
    member _.ReadsRows: bool = readsRows

    /// True if samples match where their one label is the same.
    member internal _.IsEquality: bool = rule.IsEquality

    /// True if rows are 0 and 1, with a column for each class.
    member internal _.ReadsClasses: bool = rule.IsOverlap

    member internal _.Rule = rule

    override _.ToString() = name
