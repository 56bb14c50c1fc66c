namespace MetricLearning

open System
open System.Collections.Concurrent
open System.Threading
open TorchSharp

/// Numbers as TorchSharp's methods want them, out of the reach of the garbage collector. TorchSharp hands the address of
/// a `Scalar` to libtorch and forgets the `Scalar`, whose finalizer may then free the number while libtorch reads it.
[<Sealed; AllowNullLiteral>]
type internal KeptScalars(make: int64 -> Scalar) =

    // Nearly all numbers are constants of formulas; these are made once and kept for good.
    static let mostForGood = 4096

    // No method of libtorch is given this many numbers, so those made last on a thread are no longer read when they go.
    static let mostRecent = 1024

    let forGood = ConcurrentDictionary<int64, Scalar>()
    let mutable size = 0

    [<ThreadStatic; DefaultValue>]
    static val mutable private recent: Scalar[] | null

    [<ThreadStatic; DefaultValue>]
    static val mutable private next: int

    static member private KeepAWhile(scalar: Scalar) =
        let recent =
            match KeptScalars.recent with
            | null ->
                let recent = Array.zeroCreate mostRecent
                KeptScalars.recent <- recent
                recent
            | recent -> recent

        recent[KeptScalars.next] <- scalar
        KeptScalars.next <- (KeptScalars.next + 1) % mostRecent

    /// The number with these bits. It is shared: it must not be disposed.
    member _.Of(bits: int64) : Scalar =
        match forGood.TryGetValue bits with
        | true, scalar -> scalar
        | _ when Volatile.Read &size < mostForGood ->
            let scalar = forGood.GetOrAdd(bits, make)
            Interlocked.Increment &size |> ignore
            scalar
        | _ ->
            let scalar = make bits
            KeptScalars.KeepAWhile scalar
            scalar
