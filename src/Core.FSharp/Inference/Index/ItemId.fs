namespace MetricLearning

open System
open System.Globalization

/// The name of an item in an index: a string, or a whole number; both convert implicitly. The string "7" and the number 7 are two ids.
[<Struct; NoComparison>]
type ItemId private (text: string | null, number: int64) =

    /// True for a number.
    member _.IsNumber: bool = isNull text

    /// <summary>The number.</summary>
    /// <exception cref="System.InvalidOperationException">The id is a string.</exception>
    member _.Number: int64 =
        match text with
        | null -> number
        | text -> invalidOp $"The id \"{text}\" is a string, not a number."

    /// The string, or the digits of the number.
    override _.ToString() : string =
        match text with
        | null -> number.ToString CultureInfo.InvariantCulture
        | text -> text

    /// <summary>A string as an id.</summary>
    /// <exception cref="System.ArgumentException">It is empty.</exception>
    static member op_Implicit(text: string) : ItemId =
        ArgumentException.ThrowIfNullOrEmpty(text, nameof text)
        ItemId(text, 0L)

    /// A number as an id.
    static member op_Implicit(number: int64) : ItemId = ItemId(null, number)

    /// A number as an id.
    static member op_Implicit(number: int) : ItemId = ItemId(null, int64 number)
