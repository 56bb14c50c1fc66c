/// A long run stays as small as it is: live tensors and memory over many iterations with hooks, records, a miner and a loss that
/// remembers.
module MetricLearning.Endurance.Soak

open System
open System.IO
open TorchSharp
open MetricLearning

let private memory () : int64 = Environment.WorkingSet

let private collect () =
    for _ in 1..2 do
        GC.Collect()
        GC.WaitForPendingFinalizers()

let private batchSize, samples, features = 16, 64L, 8L

let private start (folder: string) (count: int) (look: BaseTrainer -> unit) : BaseTrainer =
    torch.manual_seed 1L |> ignore
    let labels = torch.arange(samples).remainder(4L.ToScalar())
    let rows = torch.randn (samples, features)
    let keeper = LoggingPresets.GetRecordKeeper folder
    let hooks = LoggingPresets.GetHookContainer(keeper, logFreq = count / 1000)

    new MetricLossOnly(
        TrainerOptions(
            Models = Models(Trunk = torch.nn.Linear(features, 4L)),
            Optimizers = Optimizers(Trunk = PureOptimizer.Adam 1e-3),
            LossFuncs =
                LossFuncs(
                    MetricLoss =
                        new CrossBatchMemory(new ContrastiveLoss(), 4, memorySize = 64, miner = PairMarginMiner())
                ),
            MiningFuncs = MiningFuncs(TupleMiner = MultiSimilarityMiner()),
            BatchSize = batchSize,
            Dataset = TrainingData.FromTensors(rows, labels),
            DataloaderNumWorkers = 2,
            IterationsPerEpoch = max 1 (count / 100),
            EndOfIterationHook = Action<BaseTrainer> hooks.EndOfIterationHook,
            EndOfEpochHook =
                Func<BaseTrainer, Nullable<bool>>(fun trainer ->
                    look trainer
                    Nullable true),
            Seed = 1L
        )
    )

/// So many iterations; true if neither live tensors nor memory grow after the first tenth.
let run (count: int) : bool =
    torch.set_num_threads 1
    let folder = Directory.CreateTempSubdirectory "soak"
    let looks = ResizeArray<struct (int64 * int64)>()

    try
        printfn "%10s %13s %12s" "iteration" "live tensors" "memory (MiB)"

        let look (trainer: BaseTrainer) =
            if trainer.Epoch % 10 = 0 then
                collect ()
                looks.Add(struct (torch.Tensor.TotalCount, memory ()))
                printfn "%10d %13d %12d" trainer.GlobalIteration torch.Tensor.TotalCount (memory () / 1048576L)

        use trainer = start folder.FullName count look
        trainer.Train 100

        let struct (firstTensors, firstMemory) = looks[0]
        let struct (lastTensors, lastMemory) = looks[looks.Count - 1]
        // The runtime and libtorch's allocator settle within a few percent.
        let isFlat =
            lastTensors <= firstTensors && float lastMemory <= 1.1 * float firstMemory

        printfn "%d passed, %d failed" (if isFlat then 1 else 0) (if isFlat then 0 else 1)
        isFlat
    finally
        folder.Delete true
