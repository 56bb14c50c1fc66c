namespace MetricLearning

open System

/// What must be given.
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
