/// How properties are checked: on the same values in every run, so that no run fails by chance. `PROPERTY_SEED=random` looks at others in
/// every run, and a number at those that it stands for.
module Checked

open System
open Expecto

let private seed: uint64 option =
    match Environment.GetEnvironmentVariable "PROPERTY_SEED" with
    | "random" -> None
    | text ->
        match UInt64.TryParse text with
        | true, number -> Some number
        | _ -> Some 1UL

// FNV-1a, which is the same in every process.
let private number (name: string) : uint64 =
    name
    |> Seq.fold (fun hash letter -> (hash ^^^ uint64 letter) * 1099511628211UL) 14695981039346656037UL

/// So many values, which are others for each name.
let times (count: int) (name: string) : FsCheckConfig =
    { FsCheckConfig.defaultConfig with
        maxTest = count
        // The second number of a generator is odd.
        replay = seed |> Option.map (fun seed -> seed, number name ||| 1UL, None)
    }

/// As many values as FsCheck takes by itself.
let config: FsCheckConfig = times FsCheckConfig.defaultConfig.maxTest ""
