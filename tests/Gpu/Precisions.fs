/// Networks in 16 bits on a device: what layers make, what comes out, and what is left behind.
module Gpu.Precisions

open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support

let private network (device: torch.Device) =
    use _ = torch.manual_seed 5L

    let made =
        torch.nn.Sequential(
            SmallRuns.layer "convolution" (torch.nn.Conv2d(3L, 8L, 3L)),
            SmallRuns.layer "norm" (torch.nn.BatchNorm2d 8L),
            SmallRuns.layer "activation" (torch.nn.ReLU()),
            SmallRuns.layer "flat" (torch.nn.Flatten()),
            SmallRuns.layer "last" (torch.nn.Linear(8L * 14L * 14L, 32L))
        )

    made.``to`` device |> ignore
    made

let private embeds (checks: Checks) (precision: Precision) =
    checks.Check(
        $"a convolutional network in {precision}",
        fun () ->
            let network = network checks.Device
            let seen = CastLayers.seenIn [ network ]
            use _ = torch.manual_seed 6L
            let pictures = torch.randn(16L, 3L, 16L, 16L).``to`` checks.Device
            let before = LibtorchAutocast.current ()
            use full = new InferenceModel(network)
            let expected = full.GetEmbeddings pictures
            seen.Clear()
            use narrow = new InferenceModel(network, precision = precision)
            let found = narrow.GetEmbeddings pictures
            let distance = (found - expected).abs().max().ToDouble()

            [
                if Seq.distinct seen |> List.ofSeq <> [ CastLayers.dtypeOf precision ] then
                    $"its layers make {List.ofSeq seen}"
                if found.dtype <> torch.float32 then
                    $"its embeddings are {found.dtype}"
                if not (distance < 0.03) then
                    $"it is {distance} from float32"
                if LibtorchAutocast.current () <> before then
                    "autocast is not as before"
            ]
    )

let run (checks: Checks) : unit =
    for precision in [ Precision.BFloat16; Precision.Float16 ] do
        embeds checks precision
