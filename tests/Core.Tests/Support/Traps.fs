namespace MetricLearning.Core.Tests.Support

open System
open TorchSharp
open MetricLearning
open MetricLearning.Core

/// The places at which a run runs code of the user's.
[<RequireQualifiedAccess>]
type Place =
    | Sample
    | Collate
    | Getter
    | Forward
    | Embedder
    | Miner
    | SubsetMiner
    | Loss
    | Clipper

/// User code that does something untoward when told to. Set `OnVisit` to be called at each place.
type Trap() =
    member val OnVisit: Place -> unit = ignore with get, set
    /// What trapped trunks multiply their outputs by.
    member val Scale = 1.0 with get, set
    member trap.Visit(place: Place) = trap.OnVisit place

/// A network that visits a place when it is done, so that batch norm has already written its statistics.
type TrappedNet(inner: torch.nn.Module<Tensor, Tensor>, trap: Trap, place: Place) as this =
    inherit torch.nn.Module<Tensor, Tensor>("TrappedNet")
    do this.register_module ("inner", inner)

    override _.forward input =
        let output = inner.call input
        trap.Visit place

        if place = Place.Forward && trap.Scale <> 1.0 then
            output * trap.Scale
        else
            output

/// A miner that visits a place.
type TrappedMiner(inner: Miner, trap: Trap) =
    inherit Miner("TrappedMiner")

    override _.MineTuples input =
        trap.Visit Place.Miner
        inner.MineTuples input

/// A miner within a pool that visits a place.
type TrappedPoolMiner(inner: PoolMiner, trap: Trap) =
    inherit PoolMiner("TrappedPoolMiner", inner.Distance)

    override _.MineTuples input =
        trap.Visit Place.Miner
        inner.MineTuples input

/// A loss that visits a place.
type TrappedLoss(inner: Loss, trap: Trap) as this =
    inherit Loss("TrappedLoss")
    do this.register_module ("inner", inner)
    override _.Parts = inner.Parts

    override _.ComputeLoss input =
        let elements = inner.ComputeLoss input
        trap.Visit Place.Loss
        elements

/// The mean, which visits a place: of a loss that must be of its own type.
type TrappedReducer(trap: Trap) =
    inherit Reducer("TrappedReducer")

    override _.ReduceElements(elements, _, _) =
        trap.Visit Place.Loss
        elements.Mean()
