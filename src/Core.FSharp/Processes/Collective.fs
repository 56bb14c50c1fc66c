namespace MetricLearning.Core

open System
open TorchSharp
open type TorchSharp.torch

/// Operations that processes do together. Every process calls the same functions in the same order.
[<AbstractClass>]
type internal Collective() =

    /// The number of this process, from 0.
    abstract Rank: int
    /// The number of processes.
    abstract Count: int
    /// The number of this process among those of its machine, from 0.
    abstract LocalRank: int
    /// The number of processes of this machine.
    abstract LocalCount: int
    /// The name of the library; null for a process by itself.
    abstract Library: string | null
    /// The longest that this process waits for the others before it ends the job.
    abstract WaitLimit: TimeSpan with get, set
    /// The numbers of all processes, in the order of their ranks. All give as many.
    abstract Exchange: numbers: int64[] -> int64[][]
    /// Gives a tensor the content that it has in the process `root`.
    abstract Broadcast: root: int * tensor: Tensor -> unit
    /// Gives a tensor the sum over all processes.
    abstract Sum: tensor: Tensor -> unit
    /// The rows of all processes, in the order of their ranks. `rows` tells how many each has.
    abstract Gather: tensor: Tensor * rows: int64[] -> Tensor

/// A process by itself.
[<Sealed>]
type internal Alone() =
    inherit Collective()

    override _.Rank = 0
    override _.Count = 1
    override _.LocalRank = 0
    override _.LocalCount = 1
    override _.Library = null
    override val WaitLimit = WaitLimit.Default with get, set
    override _.Exchange numbers = [| numbers |]
    override _.Broadcast(_, _) = ()
    override _.Sum _ = ()
    override _.Gather(tensor, _) = tensor
