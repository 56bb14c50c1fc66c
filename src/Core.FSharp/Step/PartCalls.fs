namespace MetricLearning.Core

open TorchSharp
open MetricLearning

/// Calling losses and miners, so that their errors say whose they are.
module internal PartCalls =

    /// The entry of the options, and the class that stands there.
    let name (options: string) (key: string) (part: obj) : string =
        $"{options}[\"{key}\"] ({part.GetType().Name})"

    // libtorch says in C++ that a class has no score.
    let private reasonOf (part: obj) (scores: torch.Tensor) (labels: torch.Tensor) (error: exn) : string =
        let isOfClasses =
            error :? System.Runtime.InteropServices.ExternalException
            && (part :? Modules.CrossEntropyLoss || part :? Modules.NLLLoss)
            && scores.dim () = 2L

        let classes = if isOfClasses then scores.size 1 else 0L

        match InputChecks.beyond classes labels with
        | ValueSome struct (low, high) when classes > 0L && high >= classes ->
            $"the labels go from {low} to {high}, but there are scores of {classes} classes, 0 to {classes - 1L}. Let the network put out {high + 1L}, or set SetMinLabelToZero."
        | _ -> Parts.reason error

    /// What a part makes of embeddings, or class scores, and labels.
    let call
        (options: string)
        (key: string)
        (part: obj)
        (scores: torch.Tensor)
        (labels: torch.Tensor)
        (run: unit -> 'T)
        : 'T =
        Parts.runFor (reasonOf part scores labels) (fun () -> name options key part) run
