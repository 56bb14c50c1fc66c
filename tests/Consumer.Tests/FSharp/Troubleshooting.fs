/// The page of symptoms: the messages that it quotes are those that are given.
module PictureShop.Troubleshooting

open System
open System.IO
open System.Threading
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support.Places

let private page =
    lazy (File.ReadAllText(SmallRun.file "docs/troubleshooting.md").ReplaceLineEndings "\n")

let private isQuoted (message: string) =
    Expect.isTrue (page.Value.Contains(message, StringComparison.Ordinal)) $"the page quotes: {message}"

let private messageOf (act: unit -> unit) : string =
    let failure =
        try
            act ()
            None
        with error ->
            Some error.Message

    Expect.wantSome failure "it is refused"

/// 24 samples of 6 numbers, in four classes.
let private options () =
    RunOptions(
        Models = Models(Trunk = torch.nn.Linear(6L, 4L)),
        Optimizers = Optimizers(Trunk = PureOptimizer.SGD 0.1),
        BatchSize = 8,
        LossFuncs = LossFuncs(MetricLoss = new ContrastiveLoss()),
        Dataset = TrainingData.FromTensors(torch.rand (24L, 6L), Array.init 24 (fun row -> int64 (row % 4))),
        DataloaderNumWorkers = 0,
        Seed = 1L
    )

let private prepare = Setup.prepare MetricLossOnly.recipe

/// A square root whose derivative at 0 is infinite.
type private Root() =
    inherit torch.nn.Module<torch.Tensor, torch.Tensor, torch.Tensor>("Root")
    override _.forward(embeddings, _) = (embeddings * 0.0).sqrt().sum()

let private firstStep (options: RunOptions) : unit =
    let run = prepare options
    use _ = Run.step run run.State
    ()

let private mistakes =
    test "all mistakes of a trainer" {
        let options = options ()
        options.BatchSize <- 64
        options.Optimizers <- Optimizers.Of [ "trunk_optimiser", PureOptimizer.SGD 0.1 ]
        messageOf (fun () -> prepare options |> ignore) |> isQuoted
    }

let private withoutOptimizer =
    test "a loss without an optimizer" {
        let run =
            prepare (RunOptions(options (), LossFuncs = LossFuncs(MetricLoss = new ArcFaceLoss(4, 4))))

        Expect.hasLength run.Warnings 1 "one warning"
        isQuoted run.Warnings.Head
    }

let private brokenInputs =
    test "a loss that is not finite" {
        let broken = torch.full ([| 24L; 6L |], nanf.ToScalar())

        let options =
            RunOptions(
                options (),
                Dataset = TrainingData.FromTensors(broken, Array.init 24 (fun row -> int64 (row % 4)))
            )

        messageOf (fun () -> firstStep options) |> isQuoted
    }

let private brokenGradient =
    test "a gradient that is not finite" {
        let options =
            RunOptions(
                options (),
                Models = Models(Trunk = torch.nn.Linear(6L, 4L, hasBias = false)),
                LossFuncs = LossFuncs(MetricLoss = new Root())
            )

        messageOf (fun () -> firstStep options) |> isQuoted
    }

let private brokenStep =
    test "a step that is not finite" {
        let options =
            RunOptions(
                options (),
                Optimizers = Optimizers(Trunk = PureOptimizer.SGD 1e38),
                LossWeights = LossWeights(MetricLoss = 1e6)
            )

        messageOf (fun () -> firstStep options) |> isQuoted
    }

let private singleRow =
    test "batch norm of a single row" {
        let options =
            RunOptions(options (), Models = Models(Trunk = torch.nn.BatchNorm1d 6L), BatchSize = 1)

        messageOf (fun () -> firstStep options) |> isQuoted
    }

let private nothingToCompare =
    testCase "a pass without pairs" (fun () ->
        let warnings = ResizeArray<string>()

        use session =
            RunOptions(
                options (),
                LossFuncs = LossFuncs(MetricLoss = new TripletMarginLoss()),
                Dataset = TrainingData.FromTensors(torch.rand (24L, 6L), Array.init 24 int64)
            )
            |> prepare
            |> Session.Start

        session.Warned <- Action<string> warnings.Add

        for _ in session.Train(None, 2, CancellationToken.None) do
            ()

        Expect.hasLength warnings 1 "said once"
        isQuoted warnings[0])

let private collapse =
    test "how much embeddings vary" {
        let trunk = torch.nn.Linear(6L, 5L)
        let embedder = torch.nn.Linear(5L, 4L)
        let tester = Tester EmbeddingSpace.Global
        let validation = options().Dataset

        use embedded = tester.GetAllEmbeddings(validation, trunk, embedder)
        let spread = embedded.Embeddings.std(0L).mean().item<float32>()

        Expect.isGreaterThan spread 0f "they vary"
    }

let private checkpoints =
    test "a checkpoint that is refused" {
        withPath (fun path ->
            let run = prepare (options ())
            Checkpoint.save run.Recipe run.Handles run.State path

            let other =
                prepare (RunOptions(options (), Models = Models(Trunk = torch.nn.Linear(6L, 5L))))

            let load () =
                Checkpoint.load other.Recipe other.Handles path |> ignore

            let withoutPath (message: string) = message.Replace($"\"{path}\" ", "")
            messageOf load |> withoutPath |> isQuoted

            let bytes = File.ReadAllBytes path
            bytes[bytes.Length - 40] <- ~~~bytes[bytes.Length - 40]
            File.WriteAllBytes(path, bytes)
            messageOf load |> withoutPath |> isQuoted)
    }

let private ofAnotherRun =
    testCase "a folder of another run" (fun () ->
        withFolder (fun folder ->
            let train () =
                use session = Session.Start(prepare (options ()))
                session.Checkpoints <- CheckpointOptions(Folder = folder, EveryIterations = 1)

                for _ in session.Train(None, 1, CancellationToken.None) do
                    ()

            train ()
            let message = messageOf train
            let advice = message.IndexOf "Go on from them"
            Expect.isGreaterThan advice 0 "advice"
            isQuoted message[advice..]))

let private cutOff =
    test "a picture that is cut off" {
        let pixels = Array.zeroCreate<byte>(4 * 20 * 30)
        (Seed.Of(1L).Random()).NextBytes pixels
        let whole = Picture.FromPixels(20, 30, ReadOnlySpan pixels).ToPng()
        let file = "red/7.png"

        let message =
            messageOf (fun () -> PictureFormat(20, 30).Decode(whole[.. whole.Length / 2], file) |> ignore)

        Expect.stringStarts message file "the file"
        isQuoted message[file.Length + 2 ..]
    }

let tests =
    testList
        "troubleshooting"
        [
            mistakes
            withoutOptimizer
            brokenInputs
            brokenGradient
            brokenStep
            singleRow
            nothingToCompare
            collapse
            checkpoints
            ofAnotherRun
            cutOff
        ]
