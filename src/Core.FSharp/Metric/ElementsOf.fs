namespace MetricLearning

open System
open TorchSharp

/// Making elements of values.
[<AbstractClass; Sealed>]
type ElementsOf =

    static member private Masked(name, kind, values, mask, rows) : LossElements =
        MaskedElements(name, kind, values, mask, rows, null, null, true)

    static member private OneIndexEach(values: torch.Tensor, indices: struct (string * torch.Tensor) list) =
        ArgumentNullException.ThrowIfNull(values, nameof values)

        for struct (argument, index) in indices do
            ArgumentNullException.ThrowIfNull(index, argument)

            if values.dim () <> 1L || index.dim () <> 1L || index.size 0 <> values.size 0 then
                invalidArg
                    argument
                    $"Every value needs one index: there are {values.NumberOfElements} values and {index.NumberOfElements} indices."

    /// One value a sample of the batch: (N).
    static member Rows(name: string, values: torch.Tensor) : LossElements =
        ElementsOf.Masked(name, ElementKind.Element, values, null, [||])

    /// One value a sample of those that `samples` (int64) names: (K).
    static member Rows(name: string, values: torch.Tensor, samples: torch.Tensor) : LossElements =
        ElementsOf.OneIndexEach(values, [ struct (nameof samples, samples) ])
        ElementsOf.Masked(name, ElementKind.Element, values, null, [| samples |])

    /// One value a sample of the batch (N), of which those count that a mask has. The mean of none is NaN.
    static member RowsWhere(name: string, values: torch.Tensor, mask: torch.Tensor) : LossElements =
        ArgumentNullException.ThrowIfNull(mask, nameof mask)
        MaskedElements(name, ElementKind.Element, values, mask, [||], null, null, false)

    /// One value a class (C), with what their sum is to be divided by (a scalar).
    static member Classes(name: string, values: torch.Tensor, divisor: torch.Tensor) : LossElements =
        ElementsOf.Classes(name, 0L, values, divisor)

    /// The same, of the classes from the first on.
    static member internal Classes
        (name: string, first: int64, values: torch.Tensor, divisor: torch.Tensor)
        : LossElements =
        ArgumentNullException.ThrowIfNull(values, nameof values)
        ArgumentNullException.ThrowIfNull(divisor, nameof divisor)

        if values.dim () <> 1L then
            invalidArg
                (nameof values)
                $"Values of classes must be a vector; these have the shape {Shape.show values.shape}."

        let classes = Numeric.range first (first + values.size 0) 1L values.device

        MaskedElements(name, ElementKind.Element, values, null, [||], divisor, classes, true)

    /// One value a pair (K), of a kind of pairs.
    static member Pairs
        (name: string, kind: ElementKind, values: torch.Tensor, anchors: torch.Tensor, others: torch.Tensor)
        : LossElements =
        ElementsOf.OneIndexEach(values, [ struct (nameof anchors, anchors); struct (nameof others, others) ])
        ElementsOf.Masked(name, kind, values, null, [| anchors; others |])

    /// One value a pair, of a kind of pairs: the entries of (N × Nr) `values` that `mask` has.
    static member PairMatrix(name: string, kind: ElementKind, values: torch.Tensor, mask: torch.Tensor) : LossElements =
        ArgumentNullException.ThrowIfNull(mask, nameof mask)
        ElementsOf.Masked(name, kind, values, mask, [||])

    /// One value a triplet (K), with what their sum is to be divided by (a scalar, or null).
    static member Triplets
        (
            name: string,
            values: torch.Tensor,
            anchors: torch.Tensor,
            positives: torch.Tensor,
            negatives: torch.Tensor,
            divisor: torch.Tensor | null
        ) : LossElements =
        ElementsOf.OneIndexEach(
            values,
            [
                struct (nameof anchors, anchors)
                struct (nameof positives, positives)
                struct (nameof negatives, negatives)
            ]
        )

        let indices = [| anchors; positives; negatives |]
        MaskedElements(name, ElementKind.Triplet, values, null, indices, divisor, null, true)

    /// One value a triplet: the entries of `values` (positive pairs (P) × candidates for the negative (Nr)) that `mask`
    /// has.
    static member TripletMatrix
        (
            name: string,
            values: torch.Tensor,
            mask: torch.Tensor,
            anchors: torch.Tensor,
            positives: torch.Tensor,
            divisor: torch.Tensor | null
        ) : LossElements =
        ArgumentNullException.ThrowIfNull(mask, nameof mask)
        ArgumentNullException.ThrowIfNull(anchors, nameof anchors)
        ArgumentNullException.ThrowIfNull(positives, nameof positives)
        MaskedElements(name, ElementKind.Triplet, values, mask, [| anchors; positives |], divisor, null, true)

    /// One value for the whole batch: a scalar.
    static member Reduced(name: string, value: torch.Tensor) : LossElements =
        ArgumentNullException.ThrowIfNull(value, nameof value)

        if value.NumberOfElements <> 1L then
            invalidArg (nameof value) $"A reduced value is a scalar; this one has {value.NumberOfElements} elements."

        ReducedElements(name, value.reshape [||])

    /// No value at all: a zero loss, whatever the reducer.
    static member Nothing(name: string, like: torch.Tensor) : LossElements =
        ArgumentNullException.ThrowIfNull(like, nameof like)

        ElementsOf.Masked(
            name,
            ElementKind.Element,
            torch.empty (0L, dtype = like.dtype, device = like.device),
            null,
            [||]
        )
