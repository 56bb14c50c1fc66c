namespace MetricLearning

/// Keeps the properties of a part as they were set where it was made: once the part is in use, setting one is an error.
[<Sealed>]
type internal InUse(part: string) =
    let mutable inUse = false

    /// The part is in use from now on.
    member _.Start() : unit = inUse <- true

    /// InvalidOperationException, naming the part and the property, once the part is in use.
    member _.Refuse(property: string) : unit =
        if inUse then
            invalidOp $"{part}.{property} cannot change once the {part} is in use: set it where the {part} is made."
