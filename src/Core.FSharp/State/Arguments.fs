namespace MetricLearning

open System

/// Checks of what must be given, and of what a function of the user's must return.
module internal Arguments =

    /// The value, or an ArgumentNullException that names the argument.
    let given (argument: string) (value: 'Value) : 'Value =
        ArgumentNullException.ThrowIfNull(box value, argument)
        value

    /// The items. ArgumentNullException without a sequence, ArgumentException for an item that is null; both name the argument.
    let noneNull (argument: string) (items: 'Item seq) : 'Item[] =
        let found = Seq.toArray (given argument items)

        match found |> Array.tryFindIndex (fun item -> isNull (box item)) with
        | None -> found
        | Some place -> invalidArg argument $"Item {place} of {argument} is null: leave it out, or give it a value."

    /// The result of a function of the user's, or an InvalidOperationException that names the function.
    let returned (by: string) (value: 'Value) : 'Value =
        if isNull (box value) then
            invalidOp $"{by} returned null; it must return a value."

        value
