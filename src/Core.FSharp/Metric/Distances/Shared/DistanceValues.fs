namespace MetricLearning

open System
open TorchSharp

/// Gates for distances that are compared entry by entry.
module internal DistanceValues =

    /// An ArgumentException unless these are numbers that there are.
    let areNumbers (name: string) (values: torch.Tensor) : unit =
        ArgumentNullException.ThrowIfNull(values, name)
        InputChecks.hasData name values

        if values.dtype = torch.ScalarType.Bool then
            invalidArg name $"{name} must be distances; these are truth values."

    /// An ArgumentException unless the two can be compared entry by entry: equal sizes, or 1, along every dimension from the last on.
    let fit (x: torch.Tensor) (y: torch.Tensor) : unit =
        areNumbers (nameof x) x
        areNumbers (nameof y) y

        if x.device_type <> y.device_type && x.dim () > 0L && y.dim () > 0L then
            invalidArg (nameof y) $"x is on {x.device}, y on {y.device}: move one of them."

        let one, other = x.shape, y.shape

        for back in 1 .. min one.Length other.Length do
            let size, otherSize = one[one.Length - back], other[other.Length - back]

            if size <> otherSize && size <> 1L && otherSize <> 1L then
                invalidArg
                    (nameof y)
                    $"Distances of the shapes {Shape.show one} and {Shape.show other} cannot be compared entry by entry."

    /// An ArgumentException unless there is something along the dimension.
    let haveAlong (dim: int64) (x: torch.Tensor) : unit =
        areNumbers (nameof x) x
        let dimensions = max 1L (x.dim ())

        Ranges.require
            (nameof dim)
            (dim >= -dimensions && dim < dimensions)
            $"a dimension of a {x.dim ()}-dimensional tensor"
            dim

        if x.dim () > 0L && x.size (int ((dim + dimensions) % dimensions)) = 0L then
            invalidArg (nameof x) $"x of the shape {Shape.show x.shape} has nothing along dimension {dim}."

    /// An ArgumentException unless there is a distance.
    let haveAny (x: torch.Tensor) : unit =
        areNumbers (nameof x) x

        if x.NumberOfElements = 0L then
            invalidArg (nameof x) "x is empty: none of no distances is the nearest or the farthest."
