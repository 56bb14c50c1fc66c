/// Runs of two networks that hand their inputs on: their weights move by gradients that the test writes.
module MetricLearning.Core.Tests.Support.BareRuns

open System
open TorchSharp
open MetricLearning
open MetricLearning.Core

/// Hands on its input; its weights are seen, and get a gradient of 0.
type private Bare(weights: Tensor, count: Tensor) as this =
    inherit torch.nn.Module<Tensor, Tensor>("Bare")

    do
        this.register_parameter ("weight", SmallRuns.parameter weights)
        this.register_buffer ("count", count)

    member val OnForward: Tensor -> unit = ignore with get, set

    override this.forward input =
        this.OnForward(this.get_buffer ("count") |> nonNull)
        let weight = this.get_parameter ("weight") |> nonNull
        input + weight[0] * 0.0.ToScalar()

/// The sum of the embeddings, which is finite.
type private SumLoss() =
    inherit torch.nn.Module<Tensor, Tensor, Tensor>("SumLoss")
    override _.forward(embeddings, _) = embeddings.sum ()

/// What happens to a run: gradients are written by a clipper, buffers by the forward pass.
type Script =
    {
        /// The gradient of the trunk's weight, then of the embedder's; None for none.
        mutable Gradients: (int -> float option)[]
        /// Written into a buffer of the embedder by the forward pass.
        mutable Buffer: float
    }

let script () =
    {
        Gradients = [| (fun _ -> Some 0.5); (fun _ -> Some 0.5) |]
        Buffer = 0.0
    }

let private length = 20

/// The kinds of optimizers, at a rate of their own or at this one: ours, TorchSharp's, and those that no rule describes.
let optimizers: (string * bool * (float option -> torch.nn.Module -> AnyOptimizer)) list =
    let atRate (rate: float option) (optimizer: torch.optim.Optimizer) =
        match rate with
        | Some rate ->
            for group in optimizer.ParamGroups do
                group.LearningRate <- rate
        | None -> ()

        AnyOptimizer.Torch optimizer

    [
        for name, optimizer in RunOptimizers.optimizers do
            name,
            true,
            fun (rate: float option) _ ->
                PureOptimizer(optimizer.Rule, Option.defaultValue optimizer.LearningRate rate, [], RuleSchedules.none)
                :> AnyOptimizer
        for name, make in RunOptimizers.torchOptimizers do
            $"TorchSharp's {name}", true, (fun rate network -> make (network.parameters ()) |> atRate rate)
        // These take their rates when they are made.
        "ASGD",
        false,
        (fun rate network ->
            let rate = Option.defaultValue 0.05 rate
            AnyOptimizer.Torch(torch.optim.ASGD(Seq.toArray (network.parameters ()), rate)))
        "Rprop",
        false,
        (fun rate network ->
            let rate = Option.defaultValue 0.01 rate
            AnyOptimizer.Torch(torch.optim.Rprop(Seq.toArray (network.parameters ()), rate, max_step = rate)))
    ]

let options (dtype: ScalarType) (makeOptimizer: torch.nn.Module -> AnyOptimizer) (start: float) (script: Script) =
    let network () =
        let weights = torch.full ([| int64 length |], start.ToScalar(), dtype = dtype)
        weights[0L] <- torch.ones ([||], dtype = dtype)
        weights[1L] <- torch.tensor (-start, dtype = dtype)
        new Bare(weights, torch.zeros (3L, dtype = dtype))

    let trunk, embedder = network (), network ()

    embedder.OnForward <-
        fun buffer ->
            use _ = torch.no_grad ()
            buffer[1L] <- torch.tensor (script.Buffer, dtype = dtype)

    let write () =
        for network, gradient in Seq.zip [ trunk; embedder ] script.Gradients do
            for parameter in network.parameters () do
                let numbers = Array.init length gradient

                parameter.grad <-
                    if Array.forall Option.isNone numbers then
                        null
                    else
                        torch.tensor(Array.map (Option.defaultValue 0.0) numbers).``to`` dtype

    RunOptions(
        Models = Models(Trunk = trunk, Embedder = embedder),
        LossFuncs = LossFuncs(MetricLoss = new SumLoss()),
        Optimizers =
            Optimizers.Of
                [
                    Keys.optimizerOf Keys.Trunk, makeOptimizer trunk
                    Keys.optimizerOf Keys.Embedder, makeOptimizer embedder
                ],
        GradientClippers = GradientClippers.Of [ Keys.clipperOf Keys.Trunk, Action write ],
        BatchSize = RunParts.batchSize,
        Dataset = TrainingData.FromTensors(SmallRuns.data (), SmallRuns.labels ()),
        DataloaderNumWorkers = 0,
        Dtype = Nullable dtype,
        Seed = 4L
    )
