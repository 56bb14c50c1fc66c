/// Batch norm over processes: with SyncBatchNorm, that of one process with the whole batch.
module MetricLearning.ProcessTests.Normalization

open System
open System.Threading
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support

let private settings (loss: int) : Settings =
    { Settings.rich with
        Float64 = true
        Dropout = false
        Loss = loss
        Optimizer = 0
    }

let private converted (options: RunOptions) : RunOptions =
    for entry in options.Models do
        SyncBatchNorm.Convert entry.Value |> ignore

    options

let private trained
    (processes: Processes | null)
    (loss: int)
    (micro: Nullable<int>)
    (change: RunOptions -> RunOptions)
    =
    let options = Subject.metricLossOnly.Options (settings loss) (Trap())

    use session =
        RunOptions(change options, Processes = processes, MicroBatchSize = micro)
        |> Setup.prepare Subject.metricLossOnly.Recipe
        |> Session.Start

    Trace.upTo 10L session

// Calls a layer in a way that nothing can come between.
type private Direct() as this =
    inherit torch.nn.Module<torch.Tensor, torch.Tensor>("Direct")
    let norm = torch.nn.BatchNorm1d(RunParts.features, dtype = Nullable torch.float64)
    let last = torch.nn.Linear(RunParts.features, RunParts.size, dtype = torch.float64)

    do
        this.register_module ("norm", norm)
        this.register_module ("last", last)

    override _.forward input = input |> norm.forward |> last.call

let run (processes: Processes) : unit =
    let check = Checks.check processes

    for loss in [ 0; 2; 6 ] do
        let name = fst RunParts.losses[loss]
        let alone = trained null loss (Nullable()) id
        let shared = trained processes loss (Nullable()) converted
        let weights, buffers = Trace.ofWeights alone shared, Trace.ofBuffers alone shared
        check $"synchronised weights: {name}" (weights < 1e-9) $"{weights}"
        check $"synchronised statistics: {name}" (buffers < 1e-9) $"{buffers}"
        check $"synchronised, the same bits in all: {name}" (Trace.areSame processes shared) "other bits"

        // Seen to fail without it.
        let apart = trained processes loss (Nullable()) id
        check $"not synchronised is noticed: {name}" (Trace.ofWeights alone apart > 1e-6) "unnoticed"

    let direct () =
        use network = new Direct()

        let options =
            converted (Subject.metricLossOnly.Options { settings 6 with Embedder = false } (Trap()))

        options.Models.Trunk <- SyncBatchNorm.Convert network
        options.Optimizers <- Optimizers(Trunk = PureOptimizer.SGD 0.1)
        options.Processes <- processes
        use session = Session.Start(Setup.prepare Subject.metricLossOnly.Recipe options)
        session.Train(None, 1, CancellationToken.None) |> Seq.iter ignore

    match
        (try
            direct ()
            None
         with error ->
             Some error.Message)
    with
    | Some message -> check "a layer that cannot be synchronised" (message.Contains "\"norm\"") message
    | None -> check "a layer that cannot be synchronised" false "nothing raised"
