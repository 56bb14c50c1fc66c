namespace MetricLearning

open System
open System.Globalization

/// The number of neighbours that metrics consider: a number from 1, or `"max_bin_count"`. Both convert implicitly.
[<NoComparison; RequireQualifiedAccess>]
type AnyK =
    internal
    | Most
    | AtMost of int64

    /// The largest number of references that any query could match.
    static member MaxBinCount: AnyK = AnyK.Most

    /// <summary>The given number, or all references if there are fewer.</summary>
    /// <exception cref="System.ArgumentException">It is below 1.</exception>
    static member op_Implicit(k: int64) : AnyK =
        if k >= 1L then
            AnyK.AtMost k
        else
            raise (
                ArgumentException(
                    $"k is {k}: give a number from 1, \"max_bin_count\", or null for every reference.",
                    nameof k
                )
            )

    /// <summary>The given number, or all references if there are fewer.</summary>
    /// <exception cref="System.ArgumentException">It is below 1.</exception>
    static member op_Implicit(k: int) : AnyK = AnyK.op_Implicit (int64 k)

    /// <summary><c>"max_bin_count"</c>.</summary>
    /// <exception cref="System.ArgumentException">It is another word.</exception>
    static member op_Implicit(k: string) : AnyK =
        if k = "max_bin_count" then
            AnyK.Most
        else
            raise (
                ArgumentException(
                    $"k is \"{k}\": give a number from 1, \"max_bin_count\", or null for every reference.",
                    nameof k
                )
            )

    /// The number, or `max_bin_count`.
    override k.ToString() : string =
        match k with
        | AnyK.Most -> "max_bin_count"
        | AnyK.AtMost k -> k.ToString CultureInfo.InvariantCulture
