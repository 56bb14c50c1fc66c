/// Networks compute in the precision of the options; nothing else does, and nobody after them.
module MetricLearning.Core.Tests.Trainers.PrecisionTests

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.CastLayers
open MetricLearning.Core.Tests.Support.EmbeddingNetworks

let private halves = [ Precision.BFloat16; Precision.Float16 ]

let private networksOf (session: Session) =
    [ for network in session.Handles.Networks.Values -> network.Handle.Module ]

// Both passes, with micro-batches; the subset miner's; and all heads.
let private everywhere (settings: Settings) =
    { settings with
        Subset = true
        MicroBatchSize = Some 4
    }

let private computesIn (subject: Subject) (settings: Settings) =
    use session = Subject.start subject settings
    let seen = seenIn (networksOf session)
    SmallRuns.step session
    let expected = [ dtypeOf settings.Precision ]
    Expect.equal (List.distinct (List.ofSeq seen)) expected "the layers' outputs"

let private makesFloat32 (subject: Subject) (settings: Settings) =
    use session = Subject.start subject settings
    use _ = torch.NewDisposeScope()

    for network in session.Handles.Networks.Values do
        let first = Seq.head (network.Handle.Module.parameters ())
        let made = network.Forward [| torch.ones (8L, first.size 1) |]
        Expect.equal made.dtype ScalarType.Float32 network.Handle.Key

let private stateOf (act: unit -> unit) =
    let before = LibtorchAutocast.current ()
    act ()
    Expect.equal (LibtorchAutocast.current ()) before "autocast after it"

let options (precision: Precision) (trunk: torch.nn.Module) (loss: torch.nn.Module) =
    RunOptions(
        Models = Models(Trunk = trunk),
        LossFuncs = LossFuncs(MetricLoss = loss),
        Optimizers = Optimizers(Trunk = SmallRuns.adam),
        BatchSize = RunParts.batchSize,
        Dataset = TrainingData.FromTensors(SmallRuns.data (), SmallRuns.labels ()),
        DataloaderNumWorkers = 0,
        Precision = precision,
        Seed = 4L
    )

let private givesBack (precision: Precision) =
    testCase $"autocast is as before after a step in {precision}, one that fails, too" (fun () ->
        let mutable fails = false

        let trunk =
            new Watched(fun _ ->
                if fails then
                    raise (TimeoutException "here"))

        use session = SmallRuns.session (options precision trunk (new Shown(ignore)))
        stateOf (fun () -> SmallRuns.step session)
        fails <- true
        stateOf (fun () -> Expect.throws (fun () -> SmallRuns.step session) "it fails"))

let private lossesSee (precision: Precision) =
    testCase $"losses and miners see float32, networks make {precision}" (fun () ->
        let mutable inside, outside, mined = [], [], []
        let trunk = new Watched(fun made -> inside <- made.dtype :: inside)

        let loss =
            new Shown(fun embeddings ->
                Expect.isFalse (LibtorchAutocast.current ()).Value.Cpu.IsOn "autocast in the loss"
                outside <- embeddings.dtype :: outside)

        let miner =
            Func<Tensor, Tensor, Tensor>(fun embeddings _ ->
                mined <- embeddings.dtype :: mined
                torch.arange ((embeddings.size 0).ToScalar(), dtype = ScalarType.Int64))

        let made =
            RunOptions(options precision trunk loss, MiningFuncs = MiningFuncs(SubsetBatchMiner = miner))

        use session = SmallRuns.session made
        SmallRuns.step session
        Expect.equal inside [ dtypeOf precision; dtypeOf precision ] "of the miner, then of the loss"
        Expect.equal outside [ ScalarType.Float32 ] "the loss"
        Expect.equal mined [ ScalarType.Float32 ] "the miner")

let private nested =
    testCase "a model that a network asks computes in its own precision" (fun () ->
        use _ = torch.NewDisposeScope()
        let mutable seen: (Precision * ScalarType) list = []

        let model (precision: Precision) =
            new InferenceModel(new Watched(fun made -> seen <- (precision, made.dtype) :: seen), precision = precision)

        let plain, narrow = model Precision.Float32, model Precision.Float16
        let mutable after = []
        let input = data 4L

        let trunk =
            new Watched(fun _ ->
                for asked in [ plain; narrow; plain ] do
                    (asked.GetEmbeddings input).Dispose()

                after <- LibtorchAutocast.current().Value.Cpu :: after)

        use outer = new InferenceModel(trunk, precision = Precision.BFloat16)
        stateOf (fun () -> (outer.GetEmbeddings input).Dispose())

        Expect.equal
            (List.rev seen)
            [
                Precision.Float32, ScalarType.Float32
                Precision.Float16, ScalarType.Float16
                Precision.Float32, ScalarType.Float32
            ]
            "inside"

        Expect.equal after [ (LibtorchAutocast.rounding ScalarType.BFloat16).Cpu ] "after the models")

let private atOnce =
    testCase "models on several threads at once compute each in its own precision" (fun () ->
        use _ = torch.NewDisposeScope()
        let input = data 16L
        let precisions = Precision.Float32 :: halves
        let meeting = Meetings.Meeting(precisions.Length, IsOn = false)

        let models =
            [
                for precision in precisions do
                    let seen = ref []

                    let trunk =
                        new Watched(fun made ->
                            meeting.Come()
                            seen.Value <- made.dtype :: seen.Value)

                    precision, seen, new InferenceModel(trunk, precision = precision)
            ]

        let alone = [ for _, _, model in models -> bitsOf (model.GetEmbeddings input) ]

        meeting.IsOn <- true

        let together: string[] = Array.zeroCreate models.Length

        Meetings.together
            [
                for index, (_, _, model) in List.indexed models do
                    fun () ->
                        use made = model.GetEmbeddings input
                        together[index] <- bitsOf made
            ]

        Expect.equal (List.ofArray together) alone "the bits of each alone"

        for precision, seen, _ in models do
            Expect.allEqual seen.Value (dtypeOf precision) $"inside of {precision}")

let private models (precision: Precision) =
    testCase $"models, testers and samplers in {precision}" (fun () ->
        use _ = torch.NewDisposeScope()
        let seen = ref []
        let trunk = new Watched(fun made -> seen.Value <- made.dtype :: seen.Value)
        let input = data 24L
        let plain = (new InferenceModel(trunk)).GetEmbeddings input

        let computed (embed: unit -> Tensor) =
            seen.Value <- []
            let made = embed ()
            Expect.allEqual seen.Value (dtypeOf precision) "inside"
            Expect.isNonEmpty seen.Value "it is used"
            made

        let samples =
            TrainingData.FromTensors(input, [| for row in 0..23 -> int64 (row % 4) |])

        let tester = Tester(EmbeddingSpace.Global, TestOptions(Precision = precision))

        for made in
            [
                computed (fun () -> (new InferenceModel(trunk, precision = precision)).GetEmbeddings input)
                computed (fun () -> (tester.GetAllEmbeddings(samples, trunk)).Embeddings)
            ] do
            Expect.equal made.dtype ScalarType.Float32 "the embeddings"
            let distance = (made - plain).abs().max().ToDouble()
            Expect.isLessThan distance 0.03 "they are near those of float32"
            Expect.isGreaterThan distance 0.0 "and others"

        let sampler =
            TuplesToWeightsSampler(trunk, MultiSimilarityMiner(), samples, precision = precision)

        computed (fun () ->
            sampler.Pass(Seed.ofInt64 1L, 0L) |> ignore
            sampler.Weights)
        |> ignore)

let tests =
    testList
        "precision"
        [
            for settings in Settings.inHalf do
                LawChecks.lawAt (everywhere settings) $"layers compute in {Settings.precisionOf settings}" computesIn
                LawChecks.lawAt settings $"networks of {Settings.precisionOf settings} make float32" makesFloat32

            for precision in Precision.Float32 :: halves do
                givesBack precision
                lossesSee precision

            yield! List.map models halves
            nested
            atOnce
        ]
