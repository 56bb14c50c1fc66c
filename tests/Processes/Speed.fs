/// How fast several processes are, and what their exchange costs.
module MetricLearning.ProcessTests.Speed

open System
open System.Diagnostics
open System.Globalization
open System.Threading
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support

// The small network of samples/Pictures, on pictures of its size.
let private trunk () : torch.nn.Module<Tensor, Tensor> =
    let block (inputs: int64) (outputs: int64) (pool: torch.nn.Module<Tensor, Tensor>) =
        let layers: torch.nn.Module<Tensor, Tensor>[] =
            [|
                torch.nn.Conv2d(inputs, outputs, 3L, padding = 1L, bias = false)
                torch.nn.BatchNorm2d outputs
                torch.nn.ReLU()
                pool
            |]

        torch.nn.Sequential layers :> torch.nn.Module<Tensor, Tensor>

    let layers: torch.nn.Module<Tensor, Tensor>[] =
        [|
            block 3L 32L (torch.nn.MaxPool2d 2L)
            block 32L 64L (torch.nn.MaxPool2d 2L)
            block 64L 128L (torch.nn.MaxPool2d 2L)
            block 128L 256L (torch.nn.AdaptiveAvgPool2d 1L)
            torch.nn.Flatten()
            torch.nn.Linear(256L, 128L)
        |]

    torch.nn.Sequential layers

let private batch = 100
let private samples = 500L

/// Trains the network of the pictures; tells, in the first process, the best time of an iteration.
let train (processes: Processes) : unit =
    torch.set_num_threads 1
    use _ = torch.manual_seed 1L
    let pictures = torch.rand ([| samples; 3L; 64L; 64L |])
    let labels = torch.tensor [| for index in 0L .. samples - 1L -> index % 20L |]

    let options =
        RunOptions(
            Models = Models(Trunk = trunk ()),
            LossFuncs = LossFuncs(MetricLoss = new MultiSimilarityLoss()),
            Optimizers = Optimizers(Trunk = PureOptimizer.AdamW 1e-3),
            BatchSize = batch,
            Dataset = TrainingData.FromTensors(pictures, labels),
            DataDevice = torch.CPU,
            Processes = processes,
            Seed = 1L
        )

    use session = Session.Start(Setup.prepare MetricLossOnly.recipe options)

    let times =
        [
            for _ in 1..12 do
                let clock = Stopwatch.StartNew()
                session.Step CancellationToken.None |> Seq.iter ignore
                clock.Elapsed.TotalMilliseconds
        ]

    if processes.IsFirst then
        Checks.tell "milliseconds" ((List.min times).ToString("F1", CultureInfo.InvariantCulture))

/// Tells, in the first process, what it costs to exchange so much.
let exchange (processes: Processes) : unit =
    let all = processes.Collective

    let best (act: unit -> unit) =
        List.min
            [
                for _ in 1..15 do
                    let clock = Stopwatch.StartNew()
                    act ()
                    clock.Elapsed.TotalMicroseconds
            ]

    let meeting =
        best (fun () -> processes.Meeting.Meet(Occasion.Training, [||]) |> ignore)

    let rows = Array.create processes.Count 32L
    let lines = ResizeArray [ $"| a meeting | {meeting:F0} |" ]

    for numbers in [ 1_000L; 100_000L; 1_000_000L; 10_000_000L; 25_000_000L ] do
        use sums = torch.zeros numbers
        lines.Add $"| sum of {numbers:N0} float32 | {best (fun () -> all.Sum sums):F0} |"

    use embeddings = torch.zeros (32L, 512L)

    let gather =
        best (fun () ->
            use _ = torch.NewDisposeScope()
            all.Gather(embeddings, rows) |> ignore)

    lines.Add $"| 32 × 512 float32 of each process, gathered | {gather:F0} |"

    if processes.IsFirst then
        for line in lines do
            Checks.tell "row" line

/// Tells, in the first process, the best time of a loss of a large batch and its gradients, each process computing its share of the
/// tiles.
let tiles (processes: Processes) : unit =
    torch.set_num_threads 1
    use _ = torch.manual_seed 1L
    use rows = torch.rand ([| 8192L; 128L |])
    use labels = torch.tensor [| for index in 0L .. 8191L -> index / 4L |]
    use loss = new MultiSimilarityLoss(MaxMemory = (128L <<< 20))

    let time () =
        use _ = torch.NewDisposeScope()
        let rows = rows.detach().requires_grad_ true
        let clock = Stopwatch.StartNew()
        let value = TileTeam.Sharing(processes, (fun () -> loss.Compute(rows, labels)))
        value.backward ()
        clock.Elapsed.TotalMilliseconds

    let best = List.min [ for _ in 1..5 -> time () ]

    if processes.IsFirst then
        Checks.tell "milliseconds" (best.ToString("F1", CultureInfo.InvariantCulture))
