namespace MetricLearning.Core

open System
open TorchSharp
open MetricLearning

/// The losses of an iteration, which every process has computed of the same rows.
module internal SharedLosses =

    // The same numbers in another order of addition differ by less, even in 16 bits.
    let private tolerance = 0.01

    let private refuse (told: float[]) : unit =
        let differs loss =
            abs (loss - told[0]) > tolerance * max (abs loss) (abs told[0]) + 1e-6

        match told |> Array.tryFindIndex differs with
        | None -> ()
        | Some other ->
            InvalidOperationException
                $"The loss is {told[other]} in process {other + 1} of {told.Length} and {told[0]} in process 1, of the same embeddings. Let a loss or miner of your own draw from the seed that it is given or from libtorch's generator, not by chance of its own."
            |> Failures.known
            |> raise

    /// Meets before anything of an iteration is kept. The losses, which are finite, are those of the first process.
    let settle (processes: Processes) (losses: Map<string, float>) : Map<string, float> =
        if processes.Count = 1 then
            losses
        else
            let total = BitConverter.DoubleToInt64Bits losses[Keys.TotalLoss]

            processes.Meeting.Meet(Occasion.Step, [| total |])
            |> Array.map (fun told -> BitConverter.Int64BitsToDouble told[0])
            |> refuse

            let names = Seq.toArray losses.Keys
            use numbers = torch.tensor (Seq.toArray losses.Values)
            processes.Collective.Broadcast(0, numbers)
            Map.ofArray (Array.zip names (numbers.data<float>().ToArray()))
