namespace MetricLearning

open System
open TorchSharp
open MetricLearning.Core

/// The processes that share the tiles of a batch: each computes some of them, and what tiles leave behind is added over all
/// processes. They have the same batch and the same losses, and come to the same points in the same order.
[<Sealed>]
type internal TileTeam private (processes: Processes) =

    [<ThreadStatic; DefaultValue>]
    static val mutable private current: Processes | null

    let count, rank = int64 processes.Count, int64 processes.Rank

    /// A process that computes all tiles.
    static member val Alone = TileTeam Processes.Alone

    /// The team of so many tiles: those processes, on this thread, that `Sharing` was called with, unless there would be none for some of
    /// them.
    static member Of(tiles: int) : TileTeam =
        match TileTeam.current with
        | NonNull processes when processes.Count <= tiles -> TileTeam processes
        | _ -> TileTeam.Alone

    /// The number of processes that could share tiles.
    static member Size: int64 =
        match TileTeam.current with
        | null -> 1L
        | processes -> int64 processes.Count

    /// The result of an action that all processes take, with the same numbers: the losses in it are computed by all of them together.
    static member Sharing(processes: Processes, act: unit -> 'T) : 'T =
        let before = TileTeam.current
        TileTeam.current <- processes

        try
            act ()
        finally
            TileTeam.current <- before

    /// True for several processes.
    member _.IsSeveral = count > 1L

    /// The tiles of this process, which are neighbours.
    member _.Own(tiles: 'Tile[]) : 'Tile[] =
        let first number = int (number * tiles.LongLength / count)
        tiles[first rank .. first (rank + 1L) - 1]

    /// True if all processes give the same number.
    member _.AreAlike(number: int64) : bool =
        let told = processes.Meeting.Meet(Occasion.Tiles, [| number |])
        told |> Array.forall ((=) told[0])

    /// Gives tensors the sums over all processes.
    member _.Sum(tensors: torch.Tensor seq) : unit =
        if count > 1L then
            processes.Meeting.Meet(Occasion.Tiles, [||]) |> ignore

            for tensor in tensors do
                processes.Collective.Sum tensor
