namespace MetricLearning

open System
open System.Collections.Generic
open TorchSharp

/// The kind of samples that each value of a loss belongs to, and so the number of index vectors that go with it.
type ElementKind =
    /// One sample (or class): one index.
    | Element = 0
    /// A positive pair: anchor, positive.
    | PositivePair = 1
    /// A negative pair: anchor, negative.
    | NegativePair = 2
    /// Anchor, positive, negative.
    | Triplet = 3
    /// One value for the whole batch, which reducers pass on.
    | Reduced = 4

/// Values one by one, each with its indices.
[<Sealed>]
type ElementList(values: torch.Tensor, indices: IReadOnlyList<torch.Tensor>) =

    do
        ArgumentNullException.ThrowIfNull(values, nameof values)
        ArgumentNullException.ThrowIfNull(indices, nameof indices)

    /// (K).
    member _.Values = values

    /// One (K) vector for each index that the kind has.
    member _.Indices = indices

/// The values of a loss or of one of its parts, with what each belongs to: what a reducer makes a scalar of. Listing
/// them with indices may cost much more than summing them, so a reducer should ask for `List` only when it must.
[<AbstractClass>]
type LossElements(name: string, kind: ElementKind) =

    do ArgumentNullException.ThrowIfNull(name, nameof name)

    /// The part of the loss: `loss`, or `pos_loss`, `neg_loss`, … if there are several.
    member _.Name = name

    /// The kind of samples that each value belongs to.
    member _.Kind = kind

    /// True if it is known, without waiting for the device, that there is no value at all.
    abstract IsEmpty: bool

    /// The sum of all values: a scalar, in at least 32 bits.
    abstract Sum: unit -> torch.Tensor

    /// The number of values: an int64 scalar.
    abstract Count: unit -> torch.Tensor

    /// Those with low < value < high; null is no bound.
    abstract Between: low: Nullable<double> * high: Nullable<double> -> LossElements

    /// Each value times the number of its anchor's class. `weights`: one number a class; `labels`: those of the batch.
    abstract WeightedByClass: weights: torch.Tensor * labels: torch.Tensor -> LossElements

    /// Pairs as a matrix with a row for each of `anchors` samples: the values, 0 where there is no pair, and where
    /// there is one. Of several pairs in one place, one counts.
    abstract ToMatrix: anchors: int64 -> struct (torch.Tensor * torch.Tensor)

    /// Every value with its indices.
    abstract List: unit -> ElementList

    /// The divisor of the sum that the loss itself asks for (a scalar), or null.
    abstract Divisor: torch.Tensor | null

    default _.Divisor = null

    /// The mean of all values; 0 where there is none.
    abstract Mean: unit -> torch.Tensor

    default this.Mean() =
        this.Sum() / Numeric.atLeastOne (this.Count())

    /// The same values, of which the mean of none is 0 where it would be NaN.
    abstract NothingIsZero: unit -> LossElements

    default this.NothingIsZero() = this

    /// An error that says that a reducer cannot work on elements of this kind.
    member _.Unsupported(reducer: string) : exn =
        ArgumentNullException.ThrowIfNull(reducer, nameof reducer)
        NotSupportedException $"{reducer} cannot reduce {name}: it is made of elements of kind {kind}."

/// Values of any shape, of which a mask may leave some out.
[<Sealed>]
type internal MaskedElements
    (
        name: string,
        kind: ElementKind,
        values: torch.Tensor,
        mask: torch.Tensor | null,
        // The samples that the rows of `values` belong to; empty: rows belong to themselves. Of a matrix, columns are the last
        // index.
        rows: torch.Tensor[],
        divisor: torch.Tensor | null,
        // Classes of the rows where they are not those of the batch, as of class weights.
        ownLabels: torch.Tensor | null,
        // True if the mean of nothing is 0, as if a loss found no pair; otherwise it is NaN.
        noneIsZero: bool
    ) =
    inherit LossElements(name, kind)
    do ArgumentNullException.ThrowIfNull(values, nameof values)

    let withCells (values: torch.Tensor) (mask: torch.Tensor | null) : LossElements =
        MaskedElements(name, kind, values, mask, rows, divisor, ownLabels, noneIsZero)

    let also (condition: torch.Tensor) (mask: torch.Tensor | null) : torch.Tensor | null =
        match mask with
        | null -> condition
        | given -> given.logical_and condition

    let numbers (size: int64) = Numeric.upTo size values.device

    /// True if the mean of nothing is 0, and not NaN.
    member _.NoneIsZero = noneIsZero

    override _.NothingIsZero() =
        MaskedElements(name, kind, values, mask, rows, divisor, ownLabels, true)

    override _.IsEmpty = noneIsZero && values.NumberOfElements = 0L

    override _.Divisor = divisor

    // A product rather than a selection: NaN in an entry that the mask leaves out still shows in the loss.
    override _.Sum() =
        match mask with
        | null -> Numeric.sum values
        | given -> Numeric.sum (values * given)

    override _.Count() =
        match mask with
        | null -> torch.tensor (values.NumberOfElements, device = values.device)
        | given -> given.sum ()

    override this.Mean() =
        match mask with
        | null when values.NumberOfElements > 0L -> values.mean ()
        | _ when noneIsZero -> this.Sum() / Numeric.atLeastOne (this.Count())
        | _ ->
            // Filled in rather than 0 / 0, whose gradient would be NaN as well.
            let count = this.Count()
            (this.Sum() / Numeric.atLeastOne count).masked_fill(count.eq (Numeric.scalar 0.0), Numeric.scalar nan)

    override _.Between(low, high) =
        let above =
            if low.HasValue then
                also (values.gt (Numeric.scalar low.Value)) mask
            else
                mask

        if high.HasValue then
            withCells values (also (values.lt (Numeric.scalar high.Value)) above)
        else
            withCells values above

    override _.WeightedByClass(weights, labels) =
        ArgumentNullException.ThrowIfNull(weights, nameof weights)
        ArgumentNullException.ThrowIfNull(labels, nameof labels)

        let classes =
            match ownLabels with
            | null when rows.Length = 0 -> labels
            | null -> InOrder.rows rows[0] labels
            | own -> own

        InputChecks.classes weights classes
        let factor = InOrder.rows classes weights
        let factor = if values.dim () = 2L then factor.unsqueeze 1L else factor
        withCells (values * factor) mask

    override this.ToMatrix(anchors) =
        if kind <> ElementKind.PositivePair && kind <> ElementKind.NegativePair then
            raise (this.Unsupported "A reducer by anchor")

        if values.dim () = 2L then
            match mask with
            | null -> struct (values, torch.ones_like (values, dtype = torch.ScalarType.Bool))
            | given -> struct (values * given, given)
        else
            let listed = this.List()
            let indices = Seq.toArray listed.Indices

            let width =
                if listed.Values.size 0 = 0L then
                    anchors
                else
                    max anchors (indices[1].max().item<int64>() + 1L)

            let empty =
                torch.zeros (anchors, width, dtype = values.dtype, device = values.device)

            let present =
                torch.zeros (anchors, width, dtype = torch.ScalarType.Bool, device = values.device)

            present.index_put_ (torch.tensor (true, device = values.device), indices)
            |> ignore

            struct (empty.index_put_ (listed.Values, indices), present)

    override _.List() =
        if values.dim () = 2L then
            let found =
                match mask with
                | null -> torch.ones_like (values, dtype = torch.ScalarType.Bool)
                | given -> given

            let struct (row, column) = Tuples.places found

            let leading =
                if rows.Length = 0 then
                    [| row |]
                else
                    rows |> Array.map (fun index -> InOrder.rows row index)

            ElementList(values.masked_select found, Array.append leading [| column |])
        else
            let rows =
                if rows.Length = 0 then
                    [| numbers values.NumberOfElements |]
                else
                    rows

            match mask with
            | null -> ElementList(values, rows)
            | given -> ElementList(values.masked_select given, rows |> Array.map (fun row -> row.masked_select given))

/// One value for the whole batch.
[<Sealed>]
type internal ReducedElements(name: string, value: torch.Tensor) =
    inherit LossElements(name, ElementKind.Reduced)
    override _.IsEmpty = false
    override _.Sum() = value

    override _.Count() =
        torch.tensor (1L, device = value.device)

    override this.Between(_, _) = this
    override this.WeightedByClass(_, _) = this

    override this.ToMatrix _ =
        raise (this.Unsupported "A reducer by anchor")

    override _.List() = ElementList(value, [||])
    override _.Mean() = value
