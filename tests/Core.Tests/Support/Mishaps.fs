/// How a run can be made to fail.
module MetricLearning.Core.Tests.Support.Mishaps

open System
open System.Threading
open TorchSharp
open MetricLearning
open MetricLearning.Core

exception Sprung of string

/// Where a run can fail.
[<RequireQualifiedAccess>]
type Mishap =
    /// User code throws.
    | At of Place
    /// The end-of-iteration hook, or whoever handles another event, throws.
    | InHook
    /// The trunk makes not-a-number, so that the loss is not finite.
    | NotFinite
    /// A clipper leaves a gradient of the wrong shape.
    | BrokenGradient
    /// The token is cancelled.
    | Cancelled

let places: Mishap list =
    [
        Mishap.At Place.Sample
        Mishap.At Place.Collate
        Mishap.At Place.Getter
        Mishap.At Place.Forward
        Mishap.At Place.Embedder
        Mishap.At Place.Miner
        Mishap.At Place.SubsetMiner
        Mishap.At Place.Loss
        Mishap.At Place.Clipper
        Mishap.InHook
        Mishap.NotFinite
        Mishap.BrokenGradient
        Mishap.Cancelled
    ]

/// Settings in which every place is come by, with a plain loss or one that remembers.
let reaching (settings: Settings) : Settings =
    { settings with
        AsSamples = true
        Embedder = true
        Clip = true
        Subset = true
        Miner = 1
        Loss =
            if List.contains (settings.Loss % RunParts.losses.Length) RunParts.remembering then
                settings.Loss
            else
                0
    }

/// Settings in which no iteration is skipped: then clippers are not called.
let withoutSkips (settings: Settings) : Settings =
    if settings.Precision = Precision.Float16 then
        { settings with
            Precision = Precision.BFloat16
        }
    else
        settings

let options (subject: Subject) (settings: Settings) (trap: Trap) : RunOptions =
    let made = subject.Options (reaching settings) trap

    RunOptions(
        made,
        LossFuncs =
            LossFuncs.Of
                [
                    for key, loss in made.LossFuncs.Present ->
                        match box loss with
                        // Its reducer is trapped.
                        | _ when key = Keys.GeneratorAdversarialLoss -> key, loss
                        // Another loss around it would not remember keys.
                        | :? CrossBatchMemory as memory when not subject.Recipe.Schema.Followers.IsEmpty ->
                            let inner = new TrappedLoss(memory.WrappedLoss, trap)

                            key, new CrossBatchMemory(inner, int RunParts.size, memorySize = RunParts.rows, warmUp = 1)
                        | :? Loss as loss -> key, new TrappedLoss(loss, trap) :> torch.nn.Module
                        | _ -> key, loss
                ]
    )

/// Whether the mishap can befall a run of the subject.
let canBefall (subject: Subject) (mishap: Mishap) : bool =
    match mishap with
    | Mishap.At place -> not (List.contains place subject.Unvisited)
    | _ -> true

/// Makes what comes next fail.
let arm (mishap: Mishap) (trap: Trap) (recipe: Recipe) (session: Session) (source: CancellationTokenSource) =
    let at place act =
        trap.OnVisit <-
            fun visited ->
                if visited = place then
                    act ()

    match mishap with
    | Mishap.At place -> at place (fun () -> raise (Sprung $"{place}"))
    | Mishap.InHook -> ()
    | Mishap.NotFinite -> trap.Scale <- nan
    | Mishap.BrokenGradient ->
        at Place.Clipper (fun () ->
            // That of the last group that steps, so that the others could already have been stepped.
            let plan = Iteration.decide recipe session.Handles session.Progress

            let group =
                session.Handles.Groups
                |> Array.findBack (fun group ->
                    group.Optimizer |> Option.exists (fun key -> List.contains key plan.Stepping))

            group.Parameters[group.Parameters.Length - 1].grad <- torch.ones (3L, dtype = group.Layout.Dtype))
    | Mishap.Cancelled -> source.Cancel()

let disarm (trap: Trap) =
    trap.OnVisit <- ignore
    trap.Scale <- 1.0
