/// Convolutional networks with batch norm and dropout.
module Gpu.Pictures

open TorchSharp
open MetricLearning
open MetricLearning.Core

let private layer (name: string) (layer: torch.nn.Module<torch.Tensor, torch.Tensor>) = struct (name, layer)

let private trunk (dropout: float) =
    torch.nn.Sequential(
        [|
            layer "conv1" (torch.nn.Conv2d(1L, 16L, 3L, padding = 1L))
            layer "norm1" (torch.nn.BatchNorm2d 16L)
            layer "relu1" (torch.nn.ReLU())
            layer "pool" (torch.nn.MaxPool2d 2L)
            layer "dropout" (torch.nn.Dropout dropout)
            layer "conv2" (torch.nn.Conv2d(16L, 32L, 3L, padding = 1L, stride = 2L))
            layer "norm2" (torch.nn.BatchNorm2d 32L)
            layer "relu2" (torch.nn.ReLU())
            layer "mean" (torch.nn.AdaptiveAvgPool2d 1L)
            layer "flat" (torch.nn.Flatten())
            layer "last" (torch.nn.Linear(32L, 16L))
        |]
    )

let private made (name: string) (dropout: float) (loss: unit -> Loss) (miner: Miner | null) : Repeats.Made =
    {
        Name = name
        Make =
            fun device ->
                use _ = torch.manual_seed 3L
                let trunk = (trunk dropout).``to`` device
                let loss = loss ()
                loss.``to`` device |> ignore
                let struct (rows, labels) = Across.batch 160L 256L 8L 31UL torch.CPU torch.float32

                Setup.prepare
                    MetricLossOnly.recipe
                    (RunOptions(
                        Models = Models(Trunk = trunk),
                        Optimizers =
                            Optimizers.Of
                                [
                                    Keys.optimizerOf Keys.Trunk, (PureOptimizer.Adam 1e-3 :> AnyOptimizer)
                                    if Seq.length (loss.parameters ()) > 0 then
                                        Keys.optimizerOf Keys.MetricLoss, PureOptimizer.Adam 1e-2
                                ],
                        LossFuncs = LossFuncs(MetricLoss = loss),
                        MiningFuncs = MiningFuncs(TupleMiner = miner),
                        BatchSize = 64,
                        Dataset = TrainingData.FromTensors(rows.reshape (-1L, 1L, 16L, 16L), labels),
                        DataDevice = device,
                        Seed = 9L
                    ))
    }

let run (checks: Checks) : unit =
    for made in
        [
            made "convolutions" 0.0 (fun () -> new MultiSimilarityLoss()) (MultiSimilarityMiner())
            made "convolutions and dropout" 0.2 (fun () -> new TripletMarginLoss(smoothLoss = true)) null
            made "convolutions and ArcFace" 0.2 (fun () -> new ArcFaceLoss(8, 16)) null
            made "convolutions and FastAP" 0.2 (fun () -> new FastAPLoss()) null
        ] do
        Repeats.check checks made
