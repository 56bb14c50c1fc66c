namespace MetricLearning.Benchmarks

open System.Threading
open TorchSharp
open MetricLearning
open MetricLearning.Core

/// A loss that asks for next to nothing, so that what is left is the network's, the optimizer's and the trainer's.
[<Sealed>]
type Nothing() =
    inherit Loss("Nothing")

    override _.ComputeLoss input =
        [| ElementsOf.Reduced("loss", input.Embeddings.sum ()) |]

/// What an iteration of a trainer asks of libtorch.
module CountedIteration =

    let private batch, classes, size = 128, 16, 128

    /// The losses that are counted, each alone and with a miner.
    let losses: (string * (unit -> Loss)) list =
        [
            "Nothing", (fun () -> new Nothing())
            "TripletMargin", (fun () -> new TripletMarginLoss())
            "Contrastive", (fun () -> new ContrastiveLoss())
            "NTXent", (fun () -> new NTXentLoss())
            "MultiSimilarity", (fun () -> new MultiSimilarityLoss())
            "ArcFace", (fun () -> new ArcFaceLoss(classes, size))
        ]

    let private network () : torch.nn.Module<torch.Tensor, torch.Tensor> =
        torch.nn.Sequential(
            [|
                struct ("0", torch.nn.Linear(64L, 128L) :> torch.nn.Module<torch.Tensor, torch.Tensor>)
                struct ("1", torch.nn.ReLU())
                struct ("2", torch.nn.Linear(128L, int64 size))
            |]
        )

    /// The second iteration of a trainer, which is like all that follow.
    let run (miner: Miner option) (loss: Loss) : Calls =
        torch.manual_seed 1L |> ignore
        let rows = int64 (3 * batch)

        let data, labels =
            torch.randn (rows, 64L), torch.randint (int64 classes, [| rows |])

        use network = network ()
        let adam = PureOptimizer.Adam 1e-3
        let optimizers = Optimizers(Trunk = adam)

        if not (Seq.isEmpty (loss.parameters ())) then
            optimizers["metric_loss_optimizer"] <- adam

        let options =
            RunOptions(
                Models = Models(Trunk = network),
                LossFuncs = LossFuncs(MetricLoss = loss),
                Optimizers = optimizers,
                BatchSize = batch,
                Dataset = TrainingData.FromTensors(data, labels),
                MiningFuncs = MiningFuncs(TupleMiner = Option.toObj miner),
                Seed = 3L,
                DataDevice = torch.CPU,
                DataloaderNumWorkers = 0
            )

        let prepared = Setup.prepare MetricLossOnly.recipe options
        use session = Session.Start prepared
        use events = session.Train(Some 1, 1, CancellationToken.None).GetEnumerator()

        let rec go () =
            if not (events.MoveNext()) then
                invalidOp "The epoch is over."

            if not events.Current.IsIterationEnded then
                go ()

        go ()
        LibtorchCalls.during go
