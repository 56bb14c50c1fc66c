namespace MetricLearning.Core

open System
open System.Runtime.InteropServices
open TorchSharp
open MetricLearning

/// Calling losses and miners, so that their errors say whose they are.
module internal PartCalls =

    /// The entry of the options, and the class that stands there.
    let name (options: string) (key: string) (part: obj) : string =
        $"{options}[\"{key}\"] ({part.GetType().Name})"

    let private takesScores (part: obj) (scores: torch.Tensor) : bool =
        (part :? Modules.CrossEntropyLoss || part :? Modules.NLLLoss)
        && scores.dim () = 2L

    let private noScore (classes: int64) (struct (low: int64, high: int64)) : string =
        $"the labels go from {low} to {high}, but there are scores of {classes} classes, 0 to {classes - 1L}. Let the network put out {high + 1L}, or set SetMinLabelToZero."

    // Labels that stand for no class, as far as that is known without a look at the device. Below 0 may be those to ignore.
    let rec private refuseLabels
        (part: obj)
        (scores: torch.Tensor)
        (range: unit -> struct (int64 * int64) voption)
        : unit =
        match part with
        | :? WeightedLoss as loss -> range () |> ValueOption.iter loss.RefuseBeyond
        | :? MultipleLosses as several ->
            for loss in several.Losses do
                refuseLabels loss scores range
        | _ when takesScores part scores ->
            match range () with
            | ValueSome struct (low, high) when high >= scores.size 1 ->
                raise (ArgumentException(noScore (scores.size 1) (struct (low, high))))
            | _ -> ()
        | _ -> ()

    // libtorch says in C++ that a class has no score.
    let private reasonOf (part: obj) (scores: torch.Tensor) (labels: torch.Tensor) (error: exn) : string =
        let classes =
            if error :? ExternalException && takesScores part scores then
                scores.size 1
            else
                0L

        match InputChecks.beyond classes labels with
        | ValueSome struct (low, high) when classes > 0L && high >= classes -> noScore classes (struct (low, high))
        | _ -> Parts.reason error

    /// The value of a loss for embeddings, or class scores, and labels, the range of which may be known.
    let loss
        (known: LabelRange)
        (key: string)
        (part: obj)
        (scores: torch.Tensor)
        (labels: torch.Tensor)
        (run: unit -> 'T)
        : 'T =
        Parts.runFor (reasonOf part scores labels) (fun () -> name "LossFuncs" key part) (fun () ->
            refuseLabels part scores (fun () -> known.Of labels)
            run ())

    /// The choice of a miner.
    let miner (key: string) (part: Miner) (mine: unit -> 'Choice) : 'Choice =
        Parts.run (fun () -> name "MiningFuncs" key part) mine
