namespace MetricLearning

open System
open System.Runtime.InteropServices
open TorchSharp
open MetricLearning.Core

/// A loss function or a miner that could not take a batch. Its own error is the inner exception.
[<Sealed>]
type PartException internal (part: string, place: string, reason: string, inner: exn) =
    inherit InvalidOperationException($"{part} failed{place}: {reason}", inner)

    /// The entry of the options, and the class that stands there.
    member _.Part = part

    /// The same with the iteration in which it happened.
    member internal _.At(epoch: int, iteration: int) : PartException =
        PartException(part, $" in epoch {epoch}, iteration {iteration}", reason, inner)

/// Naming the part whose error it is.
module internal Parts =

    // libtorch says in C++ that a class has no score.
    let private reasonOf (part: obj) (scores: torch.Tensor) (labels: torch.Tensor) (error: ExternalException) : string =
        let isOfClasses =
            (part :? Modules.CrossEntropyLoss || part :? Modules.NLLLoss)
            && scores.dim () = 2L

        let classes = if isOfClasses then scores.size 1 else 0L

        match InputChecks.beyond classes labels with
        | ValueSome struct (low, high) when classes > 0L && high >= classes ->
            $"the labels go from {low} to {high}, but there are scores of {classes} classes, 0 to {classes - 1L}. Let the network put out {high + 1L}, or set SetMinLabelToZero."
        | _ -> TorchModules.reason error

    /// What a part makes of embeddings, or class scores, and labels. Its errors about the batch become a PartException; what
    /// else it raises is passed on.
    let call
        (options: string)
        (key: string)
        (part: obj)
        (scores: torch.Tensor)
        (labels: torch.Tensor)
        (run: unit -> 'T)
        =
        let failed (reason: string) (inner: exn) =
            PartException($"{options}[\"{key}\"] ({part.GetType().Name})", "", reason, inner)

        try
            run ()
        with
        | :? ExternalException as error -> raise (failed (reasonOf part scores labels error) error)
        | :? ArgumentException as error -> raise (failed error.Message error)
