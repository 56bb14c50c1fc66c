namespace MetricLearning.Core

open System

/// A splittable random seed: SplitMix64 (Steele, Lea & Flood 2014, "Fast splittable pseudorandom number
/// generators"). Every random choice of the library takes a seed derived from the run's seed, what the choice is
/// for, and a number (a step or a pass), so no choice depends on how often another one was made.
[<Struct>]
type Seed = { Value: uint64 }

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
