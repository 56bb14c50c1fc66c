namespace MetricLearning.Benchmarks

open TorchSharp
open MetricLearning
open MetricLearning.Core

/// The same training in bfloat16 and float16 beside float32: time and memory.
module PrecisionBenchmark =

    type private Work =
        {
            Name: string
            Network: unit -> torch.nn.Module<torch.Tensor, torch.Tensor>
            Sample: int64[]
            BatchSize: int
            Precisions: Precision list
        }

    // Processors without units for float16 compute it some fifty times as slowly as float32.
    let private works (quick: bool) : Work list =
        [
            {
                Name = "MLP 784-2048-2048-64"
                Network = Workload.perceptron [ 784; 2048; 2048; 64 ]
                Sample = [| 784L |]
                BatchSize = 128
                Precisions = [ Precision.BFloat16; Precision.Float16 ]
            }
            {
                Name = "ResNet-18, 3 x 64 x 64"
                Network = fun () -> torchvision.models.resnet18 (num_classes = 64)
                Sample = (if quick then [| 3L; 32L; 32L |] else [| 3L; 64L; 64L |])
                BatchSize = 32
                Precisions = [ Precision.BFloat16 ]
            }
        ]

    let private trained (work: Work) (precision: Precision) : Trained =
        torch.manual_seed 1L |> ignore
        let count = int64 work.BatchSize
        let data = torch.randn [| count; yield! work.Sample |]
        let labels = torch.randint (16L, [| count |])
        torch.manual_seed 2L |> ignore

        let options =
            RunOptions(
                Models = Models(Trunk = work.Network()),
                LossFuncs = LossFuncs(MetricLoss = Workload.loss ()),
                Optimizers = Optimizers(Trunk = PureOptimizer.Adam(1e-3)),
                BatchSize = work.BatchSize,
                Dataset = TrainingData.FromTensors(data, labels),
                Precision = precision
            )

        new Trained(MetricLossOnly.recipe, options, [ data; labels ])

    let private name (quick: bool) (work: Work) (precision: Precision) =
        let suffix = if quick then ", briefly" else ""
        $"{work.Name} in {precision}{suffix}"

    /// What is done in processes of their own, by name.
    let variants: (string * (unit -> unit)) list =
        [
            for quick in [ true; false ] do
                for work in works quick do
                    for precision in Precision.Float32 :: work.Precisions do
                        name quick work precision,
                        fun () ->
                            use trained = trained work precision

                            for _ in 1..2 do
                                trained.Epoch()
        ]

    /// Time and memory of each precision beside float32.
    let run (clock: Clock) (quick: bool) : unit =
        Report.head $"precision; by hand: the same trainer in float32, {clock} time"

        for work in works quick do
            for precision in work.Precisions do
                use narrow = trained work precision
                use full = trained work Precision.Float32

                Interleaved.compareAfter
                    2.0
                    clock
                    $"{work.Name} in {precision}"
                    None
                    1
                    (if quick || precision = Precision.Float16 then 2 else 15)
                    0.0
                    narrow.Epoch
                    full.Epoch
                |> Report.line

            let peak precision =
                PeakMemory.inUse (name quick work precision)

            let full = peak Precision.Float32

            for precision in work.Precisions do
                let ours = peak precision

                Report.line
                    {
                        Name = $"memory, {work.Name} in {precision}"
                        Ours = Report.megabytes ours
                        Baseline = Report.megabytes full
                        Ratio = float ours / float full
                        Spread = None
                        Target = None
                    }
