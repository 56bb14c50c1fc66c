namespace Digits

open System
open System.IO
open System.Threading
open TorchSharp
open MetricLearning
open MetricLearning.Core

/// How the test pictures were found before and after training, and the `Fingerprint` of the final weights.
type Run =
    {
        Before: RetrievalScores
        After: RetrievalScores
        Weights: string
    }

/// Training by the protocols of ../Digits: with the same protocol, epochs and seed the weights are the same, bit for bit.
module Training =

    /// Saves the run every 20 iterations, and goes on where an interrupted one stood.
    let private save (folder: string) (session: Session) =
        session.Checkpoints <- CheckpointOptions(Folder = folder, EveryIterations = 20)

        match session.ResumeLatest(folder, Action<string> Console.Error.WriteLine) with
        | null -> ()
        | path -> printfn "going on from %s" path

    /// Measures, trains and measures again. With a folder for checkpoints it goes on with what is there.
    let run
        (protocol: Protocol)
        (device: torch.Device)
        (epochs: int)
        (seed: int)
        (checkpoints: string option)
        (train: DigitSet)
        (test: DigitSet)
        : Run =
        let struct (trunk, embedder, networks) = Protocol.networks device seed protocol

        let score () =
            use _ = torch.NewDisposeScope()
            use _ = torch.no_grad ()
            let embeddings = embedder.call (trunk.call (test.Pictures.``to`` device))
            Retrieval.score (embeddings.cpu ()) test.Labels

        let before = score ()
        let options = Protocol.options device seed train networks protocol

        use session = options |> Setup.prepare protocol.Recipe |> Session.Start

        checkpoints
        |> Option.iter (fun folder -> save (Path.Combine(folder, $"seed-{seed}")) session)

        for event in session.Train(None, epochs, CancellationToken.None) do
            if event = Event.EpochEnded then
                let means = Progress.epochMeans session.Progress
                printfn "seed %d, epoch %d: loss %.4f" seed session.Progress.Epoch means[Keys.TotalLoss]

        {
            Before = before
            After = score ()
            Weights = Fingerprint.ofModules networks options.LossFuncs
        }
