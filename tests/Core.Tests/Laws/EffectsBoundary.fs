/// Only `Effects.fs` changes the world: a test that reads the sources.
module MetricLearning.Core.Tests.Laws.EffectsBoundary

open System
open System.IO
open System.Text.RegularExpressions
open Expecto
open MetricLearning.Core.Tests.Support

/// What changes modules, gradients, rates or libtorch's generator.
let private effects =
    [
        @"requires_grad\s*<-"
        @"\.requires_grad_\s*\("
        @"\.grad\s*<-"
        @"\.zero_grad\s*\("
        @"\.train\b\s*(\(|\w)"
        @"\.eval\s*\("
        @"\.set_\s*(\(|\w)"
        @"manual_seed"
        @"set_rng_state"
        @"LearningRate\s*<-"
        @"(optimizer|scheduler|handle)\.step\s*(\(|\w)"
        @"load_state_dict"
        @"\.to_\s*\("
        @"set_default_dtype"
        @"set_num_threads"
        @"LibtorchAlgorithms\.choose"
        @"LibtorchAutocast\.choose"
    ]

// Without comments, the words of messages and the names of what a module overrides.
let private code (line: string) =
    let plain = Regex.Replace(Regex.Replace(line, "\"[^\"]*\"", "\"\""), @"//.*$", "")
    Regex.Replace(plain, @"override _\.\w+", "")

let private offences (isExempt: string -> bool) =
    [
        for file in SourceFiles.ofRoom "" do
            let name = Path.GetFileName file |> nonNull

            if not (isExempt name) then
                for number, line in Seq.indexed (File.ReadAllLines file) do
                    for effect in effects do
                        if Regex.IsMatch(code line, effect) then
                            $"{name}:{number + 1}: {line.Trim()}"
    ]

let tests =
    testList
        "the boundary of effects"
        [
            testCase "nothing but Effects.fs changes the world" (fun () ->
                // TorchSlots lets TorchSharp's optimizers show slots; it is called by OptimizerSlots alone, between iterations.
                // SharedProcessors limits libtorch's threads when a program joins other processes, before there is any run.
                // TileGraph makes tensors of its own, and leaves gradients of others as they were.
                let isExempt file =
                    List.contains file [ "Effects.fs"; "TorchSlots.fs"; "SharedProcessors.fs"; "TileGraph.fs" ]

                Expect.equal (offences isExempt) [] "every effect is in Effects.fs")

            testCase "seen to fail: Effects.fs itself offends" (fun () ->
                let found = offences (fun _ -> false)
                Expect.isGreaterThan found.Length 8 $"{found}")

            testCase "the functions of Effects return nothing" (fun () ->
                let file =
                    SourceFiles.ofRoom ""
                    |> Array.find (fun file -> Path.GetFileName file = "Effects.fs")

                let signatures =
                    File.ReadAllLines file
                    |> Array.filter (fun line -> Regex.IsMatch(line, @"^    let (?!private|mutable)\w"))

                Expect.isNonEmpty signatures "functions"

                for signature in signatures do
                    Expect.stringContains signature ": unit =" "its result")
        ]
