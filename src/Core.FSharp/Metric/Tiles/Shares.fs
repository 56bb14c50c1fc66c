namespace MetricLearning

open System
open System.Collections.Generic
open TorchSharp
open MetricLearning.Core

/// Rows of a whole batch that are computed tile by tile before other tiles read them.
type internal RowsByTile =
    {
        Shared: SharedTensor
        /// The rows of the tile that begins with this anchor.
        Of: int64 -> torch.Tensor
    }

/// The things that the tiles of a batch share: each is computed once, for the whole batch, when a tile first asks for it.
[<Sealed>]
type internal Shares(records: bool, team: TileTeam) =

    let table =
        Dictionary<struct (obj * string), struct (SharedTensor * SharedTensor)>()

    let all = List<SharedTensor>()
    let names = List<int64>()
    let byTile = List<RowsByTile>()

    let share (outer: torch.Tensor) (learns: bool) : SharedTensor =
        let shared = new SharedTensor(outer, learns)
        all.Add shared
        shared

    let keep (owner: obj) (name: string) (first: SharedTensor) (second: SharedTensor) =
        names.Add(Fingerprint.ofText name)
        table[struct (owner, name)] <- struct (first, second)
        struct (first, second)

    /// True if gradients are recorded.
    member _.Records = records

    /// True while all processes look at the same tile.
    member val IsCommon = false with get, set

    /// The same number in all processes that share the same things.
    member _.Fingerprint: int64 = Fingerprint.ofNumbers (names.ToArray())

    /// All of them.
    member _.All: SharedTensor seq = all

    /// Those that were computed tile by tile, in their order.
    member _.ByTile: IReadOnlyList<RowsByTile> = byTile

    /// Two tensors of the whole batch, which may be one object, in the caller's graph.
    member _.Both
        (owner: obj, name: string, compute: unit -> struct (torch.Tensor * torch.Tensor))
        : struct (SharedTensor * SharedTensor) =
        match table.TryGetValue(struct (owner, name)) with
        | true, found -> found
        | _ ->
            use _ = torch.enable_grad records
            let struct (one, other) = compute ()
            let first = share one (records && one.requires_grad)

            let second =
                if Object.ReferenceEquals(one, other) then
                    first
                else
                    share other (records && other.requires_grad)

            keep owner name first second

    /// A tensor of the whole batch, in the caller's graph.
    member this.One(owner: obj, name: string, compute: unit -> torch.Tensor) : SharedTensor =
        let struct (found, _) =
            this.Both(
                owner,
                name,
                fun () ->
                    let made = compute ()
                    struct (made, made)
            )

        found

    /// Rows of a whole batch of so many anchors, computed without a graph from those of each tile; `starts`: the first anchors of the tiles.
    member this.Rows
        (owner: obj, name: string, anchors: int64, starts: int64[], rows: int64 -> torch.Tensor)
        : SharedTensor =
        match table.TryGetValue(struct (owner, name)) with
        | true, struct (found, _) -> found
        | _ ->
            use _ = torch.no_grad ()
            use _ = torch.NewDisposeScope()
            // The tile that asks is in progress.
            let before = [ for shared in all -> struct (shared, shared.Leaves) ]

            let mutable whole: torch.Tensor | null = null

            let team = if this.IsCommon then team else TileTeam.Alone

            // Into one tensor: what each tile leaves behind, however small, keeps the allocator from using the room of its
            // matrices again.
            for first in team.Own starts do
                for shared in all do
                    shared.Leaves <- []

                use _ = torch.NewDisposeScope()
                let found = rows first

                let all =
                    match whole with
                    | null ->
                        let made = found.new_zeros (Array.append [| anchors |] found.shape[1..])
                        whole <- made.MoveToOuterDisposeScope()
                        made
                    | made -> made

                all.narrow(0L, first, found.size 0).copy_ found |> ignore
                this.EndTile()

            let whole = nonNull whole
            team.Sum [| whole |]

            for struct (shared, leaves) in before do
                shared.Leaves <- leaves

            let struct (shared, _) =
                let shared = share whole records
                keep owner name shared shared

            byTile.Add { Shared = shared; Of = rows }
            shared

    /// Ends a tile.
    member _.EndTile() : unit =
        for shared in all do
            shared.EndTile()

    interface IDisposable with
        member _.Dispose() =
            for shared in all do
                (shared :> IDisposable).Dispose()
