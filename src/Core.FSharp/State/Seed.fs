namespace MetricLearning

open System
open System.Collections.Generic

/// A splittable random seed: SplitMix64 (Steele, Lea & Flood 2014, "Fast splittable pseudorandom number
/// generators"). Every random choice of the library takes a seed derived from the run's seed, what the choice is
/// for, and a number (a step or a pass), so no choice depends on how often another one was made.
[<Struct; NoComparison>]
type Seed =
    {
        /// 64 bits.
        Value: uint64
    }

/// Making, splitting and using seeds. Everything here is pure.
module Seed =

    // SplitMix64's output function: a bijection that spreads each input bit over all 64.
    let private mix (z: uint64) =
        let z = (z ^^^ (z >>> 30)) * 0xBF58476D1CE4E5B9UL
        let z = (z ^^^ (z >>> 27)) * 0x94D049BB133111EBUL
        z ^^^ (z >>> 31)

    let private golden = 0x9E3779B97F4A7C15UL

    /// The seed of a user's number.
    let ofInt64 (value: int64) : Seed = { Value = mix (uint64 value + golden) }

    /// The seed for the `number`-th choice made for `purpose`, independent of every other pair.
    let derive (purpose: string) (number: int64) (seed: Seed) : Seed =
        ArgumentNullException.ThrowIfNull(purpose, nameof purpose)
        // FNV-1a, because String.GetHashCode differs from process to process.
        let hash =
            (0xCBF29CE484222325UL, purpose)
            ||> Seq.fold (fun hash character -> (hash ^^^ uint64 character) * 0x100000001B3UL)

        {
            Value = mix (mix (seed.Value + hash) + uint64 number * golden)
        }

    /// The `index`-th 64 random bits of a seed's stream.
    let bits (index: int64) (seed: Seed) : uint64 =
        mix (seed.Value + (uint64 index + 1UL) * golden)

    /// A non-negative number that libtorch's generators accept as their seed.
    let toInt64 (seed: Seed) : int64 = int64 (seed.Value >>> 1)

    /// The `index`-th number of a seed's stream, uniform on 0 … `exclusive` − 1 (by multiplication, Lemire 2019; the
    /// bias is below exclusive / 2⁶⁴).
    let below (exclusive: int64) (index: int64) (seed: Seed) : int64 =
        int64 (Math.BigMul(bits index seed, uint64 exclusive) >>> 64)

    /// A uniformly random permutation of the items (Fisher and Yates), as a new array.
    let shuffle (items: 'T[]) (seed: Seed) : 'T[] =
        let shuffled = Array.copy items

        for last in shuffled.Length - 1 .. -1 .. 1 do
            let chosen = int (below (int64 last + 1L) (int64 last) seed)
            let item = shuffled[last]
            shuffled[last] <- shuffled[chosen]
            shuffled[chosen] <- item

        shuffled

    /// `count` different numbers of 0 … `population` − 1 in random order; every arrangement is equally likely.
    let choose (count: int) (population: int) (seed: Seed) : int[] =
        // Fisher and Yates again, on a row of numbers of which only the moved ones are written down.
        let moved = Dictionary<int, int>(count)

        let at place =
            match moved.TryGetValue place with
            | true, number -> number
            | _ -> place

        Array.init count (fun place ->
            let chosen = place + int (below (int64 (population - place)) (int64 place) seed)
            let number = at chosen
            moved[chosen] <- at place
            number)

// System.Random's own streams may change from one .NET version to the next; this one is the seed's.
[<Sealed>]
type private SeedRandom(seed: Seed) =
    inherit Random(0)
    let mutable index = -1L

    let next () =
        index <- index + 1L
        Seed.bits index seed

    let below (exclusive: int64) =
        index <- index + 1L
        Seed.below exclusive index seed

    let unit' () =
        float (next () >>> 11) * (1.0 / 9007199254740992.0) // 53 bits

    override _.Sample() = unit' ()
    override _.NextDouble() = unit' ()
    override _.NextSingle() = float32 (next () >>> 40) / 16777216.0f
    override _.Next() = int (below (int64 Int32.MaxValue))

    override _.Next(maxValue) =
        ArgumentOutOfRangeException.ThrowIfNegative maxValue
        int (below (int64 maxValue))

    override _.Next(minValue, maxValue) =
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minValue, maxValue)
        minValue + int (below (int64 maxValue - int64 minValue))

    override _.NextInt64() = below Int64.MaxValue

    override _.NextInt64(maxValue) =
        ArgumentOutOfRangeException.ThrowIfNegative maxValue
        below maxValue

    override _.NextInt64(minValue, maxValue) =
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minValue, maxValue)
        // The distance of two int64 always fits an unsigned one.
        minValue + int64 (Math.BigMul(next (), uint64 (maxValue - minValue)) >>> 64)

    override this.NextBytes(buffer: byte[]) = this.NextBytes(buffer.AsSpan())

    override _.NextBytes(buffer: Span<byte>) =
        for place in 0 .. buffer.Length - 1 do
            buffer[place] <- byte (next ())

type Seed with

    /// The seed of a user's number.
    static member Of(number: int64) : Seed = Seed.ofInt64 number

    /// The seed for the `number`-th choice made for `purpose`, independent of every other pair.
    member seed.Derive(purpose: string, number: int64) : Seed = Seed.derive purpose number seed

    /// A random permutation of the items, as a new array.
    member seed.Shuffle(items: IEnumerable<'T>) : 'T[] =
        ArgumentNullException.ThrowIfNull(items, nameof items)
        Seed.shuffle (Seq.toArray items) seed

    /// A generator that starts this seed's stream anew at each call: the same numbers on every machine and .NET.
    member seed.Random() : Random = SeedRandom seed
