namespace MetricLearning

open System
open TorchSharp

/// A tensor of a whole batch that its tiles read. The graph of a tile begins at leaves of it, so that a tile goes backward by
/// itself; the gradients of all tiles add up here.
[<Sealed>]
type internal SharedTensor(outer: torch.Tensor, learns: bool) =

    let outer = outer.alias().DetachFromDisposeScope()
    let values = outer.detach().DetachFromDisposeScope()
    let mutable gradient: torch.Tensor | null = null

    // Those of the tile in progress, with the number of their first row; none: all rows.
    let mutable leaves: struct (int64 voption * torch.Tensor) list = []

    let leaf (first: int64 voption) (part: unit -> torch.Tensor) : torch.Tensor =
        match leaves |> List.tryFind (fun struct (other, _) -> other = first) with
        | Some struct (_, found) -> found
        | None ->
            let made = (TileGraph.leaf learns (part ())).DetachFromDisposeScope()
            leaves <- struct (first, made) :: leaves
            made

    let total () : torch.Tensor =
        match gradient with
        | null ->
            let zeros = torch.zeros_like (Numeric.atLeast32 values)
            gradient <- zeros.DetachFromDisposeScope()
            zeros
        | found -> found

    /// In the caller's graph.
    member _.Outer = outer

    /// True if gradients of it are wanted.
    member _.Learns = learns

    /// All of it, in the graph of the tile in progress.
    member _.Whole: torch.Tensor = leaf ValueNone (fun () -> values)

    /// Some rows of it, in the graph of the tile in progress.
    member _.Rows(first: int64, count: int64) : torch.Tensor =
        leaf (ValueSome first) (fun () -> values.narrow (0L, first, count))

    /// The leaves that the tile in progress has read.
    member _.Leaves
        with get () = leaves
        and set value = leaves <- value

    /// Adds the gradient of a leaf.
    member _.Add(first: int64 voption, given: torch.Tensor) : unit =
        use _ = torch.NewDisposeScope()

        let total = total ()

        let rows =
            match first with
            | ValueSome first -> total.narrow (0L, first, given.size 0)
            | ValueNone -> total

        rows.add_ (given, Numeric.whole 1L) |> ignore

    /// The sum of all gradients so far: zeros, if there was none.
    member _.Total: torch.Tensor = total ()

    /// The sum of all gradients so far; null: there was none.
    member _.Gradient
        with get (): torch.Tensor | null = gradient
        and set (value: torch.Tensor | null) =
            match gradient with
            | null -> ()
            | old -> old.Dispose()

            gradient <- value

    /// Ends a tile: its leaves are freed.
    member _.EndTile() : unit =
        for struct (_, leaf) in leaves do
            leaf.Dispose()

        leaves <- []

    interface IDisposable with
        member this.Dispose() =
            this.EndTile()
            this.Gradient <- null
            values.Dispose()
            outer.Dispose()
