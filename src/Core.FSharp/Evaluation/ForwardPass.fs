namespace MetricLearning

open System
open System.Runtime.CompilerServices
open TorchSharp
open MetricLearning.Core

/// Forward passes of networks that do not train: in evaluation mode, and without a trace in modes and random streams.
module internal ForwardPass =

    // Networks that have been run, and whether they drew random numbers in evaluation mode.
    let private seenToDraw = ConditionalWeakTable<torch.nn.Module, StrongBox<bool>>()

    let private drawsNothing (network: torch.nn.Module) : bool =
        match seenToDraw.TryGetValue network with
        | true, draws -> not draws.Value
        | _ -> false

    // The next numbers of the generators that a network on this device can draw from.
    let private nextOf (device: torch.Device) : int64 list =
        [
            for place in List.distinct [ DeviceType.CPU; device.``type`` ] do
                use draw =
                    torch.randint (
                        Int64.MaxValue,
                        [| 1L |],
                        dtype = torch.ScalarType.Int64,
                        device = (if place = DeviceType.CPU then torch.CPU else device)
                    )

                draw.item<int64>()
        ]

    // Runs the networks from a seed, and notes whether they drew.
    let private observed (model: EmbeddingModel) (device: torch.Device) (seed: Seed) (act: unit -> unit) : unit =
        Effects.whileAllEvaluating model.Modules device seed (fun () ->
            act ()
            let after = nextOf device
            Effects.seedGenerators device seed
            let draws = after <> nextOf device

            for network in model.Modules do
                let known = seenToDraw.GetOrCreateValue network
                known.Value <- known.Value || draws)

    /// Runs an action that uses the networks. Hardly a network draws random numbers in evaluation mode: one that did not in its first
    /// pass needs no generator, and waits for nobody but those who use the same modules. Of the others each pass follows the seed.
    let run (model: EmbeddingModel) (device: torch.Device) (seed: Seed) (act: unit -> unit) : unit =
        if Array.forall drawsNothing model.Modules then
            Locks.holding model.Turns (fun () -> Effects.whileInEvaluation model.Modules act)
        else
            Locks.drawing model.Turns (fun () -> observed model device seed act)
