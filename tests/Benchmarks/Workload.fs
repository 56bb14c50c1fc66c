namespace MetricLearning.Benchmarks

open TorchSharp
open MetricLearning
open MetricLearning.Core

/// A kind of optimizer: TorchSharp's for the loop by hand, and what the trainer is given (SGD has a momentum of 0.9).
type Choice =
    {
        Name: string
        Torch: Modules.Parameter seq -> torch.optim.Optimizer
        Ours: Modules.Parameter seq -> AnyOptimizer
    }

/// A network and data for it.
type Workload =
    {
        Name: string
        /// A new network with the same weights each time.
        Network: unit -> torch.nn.Module<torch.Tensor, torch.Tensor>
        /// The shape of one sample.
        Sample: int64[]
        /// Iterations that make a block, and an epoch.
        Iterations: int
        /// Trainer / loop by hand, at most.
        Target: float
    }

/// What is trained.
module Workload =

    /// Samples of a batch.
    let batchSize = 128

    let private network
        (layers: torch.nn.Module<torch.Tensor, torch.Tensor> list)
        ()
        : torch.nn.Module<torch.Tensor, torch.Tensor> =
        torch.nn.Sequential([| for index, layer in List.indexed layers -> struct (string index, layer) |])

    let private linear (inputs: int) (outputs: int) : torch.nn.Module<torch.Tensor, torch.Tensor> =
        torch.nn.Linear(int64 inputs, int64 outputs)

    let private relu () : torch.nn.Module<torch.Tensor, torch.Tensor> = torch.nn.ReLU()

    let private convolution (inputs: int) (outputs: int) : torch.nn.Module<torch.Tensor, torch.Tensor> list =
        [
            torch.nn.Conv2d(int64 inputs, int64 outputs, 3L, padding = 1L)
            torch.nn.BatchNorm2d(int64 outputs)
            relu ()
            torch.nn.MaxPool2d 2L
        ]

    /// A network of fully connected layers of these widths, with ReLU between them.
    let perceptron (widths: int list) : unit -> torch.nn.Module<torch.Tensor, torch.Tensor> =
        fun () ->
            let layers =
                List.pairwise widths
                |> List.collect (fun (inputs, outputs) -> [ relu (); linear inputs outputs ])

            network (List.tail layers) ()

    /// Little more than what every iteration costs anyway.
    let tiny: Workload =
        {
            Name = "MLP 64-64-32"
            Network = perceptron [ 64; 64; 32 ]
            Sample = [| 64L |]
            Iterations = 50
            Target = 1.10
        }

    /// Mostly matrix products.
    let wide: Workload =
        {
            Name = "MLP 784-512-256-64"
            Network = perceptron [ 784; 512; 256; 64 ]
            Sample = [| 784L |]
            Iterations = 20
            Target = 1.00
        }

    let private convolutional: Workload =
        {
            Name = "CNN with batch norm"
            Network =
                fun () ->
                    network
                        [
                            yield! convolution 1 8
                            yield! convolution 8 16
                            torch.nn.Flatten()
                            linear (16 * 7 * 7) 64
                        ]
                        ()
            Sample = [| 1L; 28L; 28L |]
            Iterations = 8
            Target = 1.00
        }

    // Linear and batch norm have two parameters each: 30 × 4 + 2.
    let private deep: Workload =
        {
            Name = "30 layers, 122 tensors"
            Network =
                fun () ->
                    network
                        [
                            for _ in 1..30 do
                                linear 64 64
                                torch.nn.BatchNorm1d 64L
                                relu ()
                            linear 64 64
                        ]
                        ()
            Sample = [| 64L |]
            Iterations = 12
            Target = 0.85
        }

    /// All of them.
    let all = [ tiny; wide; convolutional; deep ]

    /// As many samples as an epoch takes, with 16 classes.
    let data (workload: Workload) : struct (torch.Tensor * torch.Tensor) =
        torch.manual_seed 1L |> ignore
        let count = int64 (workload.Iterations * batchSize)
        struct (torch.randn [| count; yield! workload.Sample |], torch.randint (16L, [| count |]))

    /// A new network that starts like every other one of the workload.
    let start (workload: Workload) : torch.nn.Module<torch.Tensor, torch.Tensor> =
        torch.manual_seed 2L |> ignore
        workload.Network()

    /// The optimizers that are compared.
    let choices: Choice list =
        let adam (parameters: Modules.Parameter seq) : torch.optim.Optimizer = torch.optim.Adam(parameters, 1e-3)

        let sgd (parameters: Modules.Parameter seq) : torch.optim.Optimizer =
            torch.optim.SGD(parameters, 1e-3, momentum = 0.9)

        let pureAdam = PureOptimizer.Adam(1e-3)
        let pureSgd = PureOptimizer.SGD(1e-3, momentum = 0.9)

        [
            {
                Name = "Adam"
                Torch = adam
                Ours = fun _ -> pureAdam
            }
            {
                Name = "Adam of TorchSharp"
                Torch = adam
                Ours = adam >> AnyOptimizer.Torch
            }
            {
                Name = "SGD"
                Torch = sgd
                Ours = fun _ -> pureSgd
            }
            {
                Name = "SGD of TorchSharp"
                Torch = sgd
                Ours = sgd >> AnyOptimizer.Torch
            }
        ]

    /// The loss that both minimise. It is a cheap one, so that it hides little.
    let loss () : Loss = new ContrastiveLoss()
