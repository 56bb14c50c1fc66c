/// Momentum contrast of small linear networks, and the same by TorchSharp alone.
module MetricLearning.Core.Tests.Support.ContrastByHand

open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support.Expectations

let features, size, temperature, rate = 6, 3, 0.2, 0.5

let layer (number: int64) (outputs: int64) (inputs: int64) : torch.nn.Module<Tensor, Tensor> =
    let made = torch.nn.Linear(inputs, outputs, hasBias = false)
    Effects.overwrite made.weight (Weights.tensor number torch.float32 made.weight.shape)
    made.``to`` torch.float64 |> ignore
    made

/// Those that follow begin with other numbers than those that they follow.
let networks () : (string * torch.nn.Module) list =
    [
        Keys.Trunk, layer 1L 4L (int64 features)
        Keys.Embedder, layer 2L (int64 size) 4L
        Keys.MomentumTrunk, layer 3L 4L (int64 features)
        Keys.MomentumEmbedder, layer 4L (int64 size) 4L
    ]

let batchSize, memorySize = 4, 10

/// Twelve samples, seen twice.
let views () : Tensor list =
    [
        for number in 5L .. 6L ->
            (Weights.tensor number torch.float64 [| 12L; int64 features |]).DetachFromDisposeScope()
    ]

/// A queue of ten keys.
let memory () : torch.nn.Module =
    let loss = new CrossBatchMemory(new NTXentLoss(temperature), size, memorySize)
    loss.``to`` torch.float64 |> ignore
    loss

/// Options of such a run with this loss.
let options (loss: torch.nn.Module) : RunOptions =
    RunOptions(
        Models = Models.Of(networks ()),
        LossFuncs = LossFuncs(MetricLoss = loss),
        Optimizers = Optimizers(Trunk = PureOptimizer.SGD(rate), Embedder = PureOptimizer.SGD(rate)),
        BatchSize = batchSize,
        Sampler = AnySampler.Indices(seq { 0L .. 11L }),
        Dataset = TrainingData.FromTensors(views (), torch.arange(12L).DetachFromDisposeScope()),
        DataloaderNumWorkers = 0,
        Seed = 1L
    )

/// What a step leads to.
type After =
    {
        Loss: float
        /// Trunk, embedder, and the two that follow.
        Weights: float[] list
        /// Keys by the place in the memory, and the numbers of their samples.
        Queue: (int64 * float[])[]
    }

/// The states after so many steps by a loop over TorchSharp, with an optimizer of two lines and a queue that is an array.
let byHand (momentum: float) (steps: int) : After list =
    use _ = torch.NewDisposeScope()
    let data = views ()

    let start (key: string) =
        ((networks () |> Map.ofList)[key]).parameters() |> Seq.head

    let live =
        [|
            for key in [ Keys.Trunk; Keys.Embedder ] -> (start key).detach().clone().requires_grad_ true
        |]

    let slow = live |> Array.map (fun weights -> weights.detach().clone())

    let embed (weights: Tensor[]) (rows: Tensor) =
        rows.mm(weights[0].t()).mm(weights[1].t())

    let unit (rows: Tensor) = rows / rows.norm (1, true, 2.0f)
    let mutable queue: (int64 * Tensor)[] = Array.empty

    [
        for step in 0 .. steps - 1 do
            let numbers =
                [| for row in 0 .. batchSize - 1 -> int64 ((step * batchSize + row) % 12) |]

            let rows (view: int) =
                data[view].index_select(0L, torch.tensor numbers)

            let queries = unit (embed live (rows 0))

            // The newest keys take the places of the oldest.
            let places =
                [| for row in 0 .. batchSize - 1 -> (step * batchSize + row) % memorySize |]

            let raw = embed slow (rows 1)

            for row in 0 .. batchSize - 1 do
                let entry = numbers[row], raw[row]

                if places[row] < queue.Length then
                    queue[places[row]] <- entry
                else
                    queue <- Array.append queue [| entry |]

            let remembered = torch.stack [| for _, key in queue -> key |] |> unit

            let similarities =
                queries.mm (remembered.t ()) / torch.tensor (temperature, dtype = torch.float64)

            // One key of its own for each query, unless an older one of the sample is remembered, too.
            let terms =
                [|
                    for row in 0 .. batchSize - 1 do
                        let others =
                            [|
                                for place, (number, _) in Array.indexed queue do
                                    if number <> numbers[row] then
                                        similarities[row, place].exp()
                            |]

                        for place, (number, _) in Array.indexed queue do
                            if number = numbers[row] then
                                let own = similarities[row, place].exp()
                                -(own / (own + torch.stack(others).sum())).log()
                |]

            let loss = torch.stack(terms).mean()

            for weights in live do
                weights.grad <- null

            loss.backward ()
            use _ = torch.no_grad ()

            for weights in live do
                weights.sub_ (nonNull weights.grad * torch.tensor (rate, dtype = torch.float64))
                |> ignore

            for slow, live in Array.zip slow live do
                slow.copy_ (
                    slow * torch.tensor (momentum, dtype = torch.float64)
                    + live * torch.tensor (1.0 - momentum, dtype = torch.float64)
                )
                |> ignore

            {
                Loss = loss.item<float>()
                Weights = [ for weights in Array.append live slow -> Weights.values weights ]
                Queue = [| for number, key in queue -> number, Weights.values key |]
            }
    ]

/// What a session shows.
let found (session: Session) (loss: torch.nn.Module) : After =
    let memory = loss :?> CrossBatchMemory

    let used =
        if memory.HasBeenFilled then
            memorySize
        else
            int memory.QueueIdx

    let buffer name = nonNull (loss.get_buffer name)

    {
        Loss = session.Progress.Losses[Keys.MetricLoss]
        Weights =
            [
                for key in [ Keys.Trunk; Keys.Embedder; Keys.MomentumTrunk; Keys.MomentumEmbedder ] do
                    Weights.values (Seq.head (session.Handles.Networks[key].Handle.Module.parameters()))
            ]
        Queue =
            Array.zip
                (numbers (buffer "label_memory"))
                (Array.chunkBySize size (Weights.values (buffer "embedding_memory")))
            |> Array.truncate used
    }

/// Equal but for rounding in float64.
let near (found: float[]) (expected: float[]) (what: string) =
    for found, expected in Array.zip found expected do
        Expect.isLessThanOrEqual (abs (found - expected)) (1e-9 * max 1.0 (abs expected)) what

/// The options with other networks.
let withModels (change: Models -> unit) (options: RunOptions) : RunOptions =
    let models = Models.Of options.Models.Present
    change models
    RunOptions(options, Models = models)
