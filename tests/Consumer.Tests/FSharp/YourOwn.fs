module PictureShop.YourOwn

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core

/// log(1 + exp(d(a,p) − d(a,n))) of every triplet.
type LogisticTriplet() =
    inherit Loss("LogisticTriplet")

    override this.ComputeLoss input =
        let triplets = TripletDistances.Of(this.Distance, input, Nullable())
        let excess = this.Distance.Margin(triplets.AnchorPositive, triplets.AnchorNegative)
        [| triplets.Elements("loss", torch.nn.functional.softplus excess) |]

/// Positives should be nearer than a limit, negatives farther; the limit is learned.
type LearnedLimit() as this =
    inherit Loss("LearnedLimit")
    do this.Learn("limit", torch.ones 1L)

    override _.Parts = [| "pos_loss"; "neg_loss" |]

    override this.ComputeLoss input =
        let limit = this.Learned("limit", input.Embeddings)
        let struct (positives, negatives) = PairDistances.Of(this.Distance, input)

        [|
            positives.Elements("pos_loss", torch.nn.functional.softplus (positives.Values - limit))
            negatives.Elements("neg_loss", torch.nn.functional.softplus (limit - negatives.Values))
        |]

/// All positive pairs, and the negative pairs that are nearer than a radius.
type WithinRadius(radius: float) =
    inherit Miner("WithinRadius")

    override this.MineTuples input =
        let struct (a1, p, a2, n) = input.Pairs()

        let distances =
            this.Distance.Matrix(input.Embeddings, input.References).index(a2, n)

        let near = distances.lt (radius.ToScalar())
        Tuples.Pairs(a1, p, a2.masked_select near, n.masked_select near)

/// The angle between embeddings, in radians.
type Angular() =
    inherit Distance("Angular", false)

    // Where the cosine is 1 the angle has no finite slope.
    let angle (cosine: torch.Tensor) =
        cosine.clamp((-1.0 + 1e-6).ToScalar(), (1.0 - 1e-6).ToScalar()).acos()

    override _.ComputeMatrix(query, reference) = angle (query.mm (reference.t ()))
    override _.PairwiseDistance(query, reference) = angle ((query * reference).sum 1L)

/// The mean of the largest values.
type Largest(count: int) =
    inherit Reducer("Largest")

    override _.ReduceElements(elements, embeddings, _) =
        let values = elements.List().Values
        let taken = min count (int (values.size 0))

        if taken = 0 then
            Reducer.Zero embeddings
        else
            let struct (largest, _) = values.topk taken
            largest.mean ()

/// Embeddings outside of the unit ball cost.
type UnitBall() =
    inherit Regularizer("UnitBall")

    override _.ComputeLoss rows =
        ElementsOf.Rows("loss", (rows.square().sum 1L - 1.0).relu())

/// Blocks of neighbouring samples, in random order.
type Blocks(blocks: int, size: int) =
    inherit Sampler()

    override _.Pass(seed, pass) =
        seq {
            for block in seed.Derive("blocks", pass).Shuffle [ 0 .. blocks - 1 ] do
                for place in 0 .. size - 1 -> int64 block * int64 size + int64 place
        }

    override _.Length = Nullable(int64 blocks * int64 size)

/// Batches of all samples of some classes.
type WholeClasses(labels: int64[], classes: int) =
    inherit BatchSampler()

    let members =
        labels
        |> Array.indexed
        |> Array.groupBy snd
        |> Array.map (fun (_, members) -> members |> Array.map (fst >> int64))

    override _.Pass(seed, pass) =
        seed.Derive("classes", pass).Shuffle members
        |> Seq.chunkBySize classes
        |> Seq.map Array.concat

let private data () =
    torch.rand ([| 24L; 4L |], generator = new torch.Generator(1UL))

let private labels = Array.init 24 (fun index -> int64 (index % 4))

let private train (run: Run) =
    use before = run.State
    use first = Iteration.step run.Recipe run.Handles before
    use second = Iteration.step run.Recipe run.Handles first
    Expect.equal second.Progress.Steps 2L "two steps"
    Expect.isGreaterThan second.Progress.Losses["metric_loss"] 0.0 "a loss"

let private together =
    test "parts train together" {
        let trunk = torch.nn.Linear(4L, 3L)
        let loss = new LearnedLimit()
        let dataset = TrainingData.FromTensors(data (), labels)

        let run =
            Setup.prepare
                MetricLossOnly.recipe
                (RunOptions(
                    Models = Models(Trunk = trunk),
                    LossFuncs = LossFuncs(MetricLoss = loss),
                    Optimizers = Optimizers(Trunk = PureOptimizer.SGD(0.1), MetricLoss = PureOptimizer.SGD(0.1)),
                    BatchSize = 12,
                    Dataset = dataset,
                    MiningFuncs = MiningFuncs(TupleMiner = WithinRadius 1.5),
                    Sampler = Blocks(6, 4)
                ))

        train run
        Expect.notEqual ((Seq.exactlyOne (loss.parameters ())).item<float32>()) 1.0f "the limit moved"
    }

let private intoLosses =
    test "parts go into losses" {
        let loss =
            new LogisticTriplet(
                Distance = Angular(),
                Reducer = Largest 100,
                EmbeddingRegularizer = UnitBall(),
                EmbeddingRegWeight = 0.1
            )

        let run =
            Setup.prepare
                MetricLossOnly.recipe
                (RunOptions(
                    Models = Models(Trunk = torch.nn.Linear(4L, 3L)),
                    LossFuncs = LossFuncs(MetricLoss = loss),
                    Optimizers = Optimizers(Trunk = PureOptimizer.SGD(0.1)),
                    BatchSize = 12,
                    Dataset = TrainingData.FromTensors(data (), labels),
                    Sampler = WholeClasses(labels, 2)
                ))

        train run
    }

let private numbers =
    test "their numbers are those of their formulas" {
        use _ = torch.NewDisposeScope()
        let x = torch.tensor([| 1.0; 0.0; 0.0; 1.0; 2.0; 0.0 |]).reshape(3L, 2L)
        let y = torch.tensor [| 0L; 1L; 0L |]

        let near (expected: float) (actual: torch.Tensor) what =
            Expect.floatClose { absolute = 1e-2; relative = 0.0 } (actual.item<float>()) expected what

        use loss = new LogisticTriplet(Distance = Angular(), Reducer = Largest 1)

        near (Math.PI / 2.0) (Angular().Matrix(x, null).[0L, 1L]) "angle"
        near (log (1.0 + exp (-Math.PI / 2.0))) (loss.Compute(x, y)) "loss"
        near 0.0 (loss.Compute(x, torch.tensor [| 0L; 1L; 2L |])) "without triplets"
        near 1.0 (UnitBall().Compute x) "regularizer"

        match WithinRadius(1.0).Mine(x, y) with
        | Tuples.Pairs(_, p, _, n) -> Expect.equal (p.size 0, n.size 0) (2L, 0L) "pairs"
        | other -> failtest $"{other}"
    }

let private orders =
    test "orders are functions of seed and pass" {
        let blocks, classes = Blocks(6, 4), WholeClasses(labels, 2)

        let pass number =
            Seq.toArray (blocks.Pass(Seed.ofInt64 1L, number))

        Expect.equal (Array.sort (pass 0L)) [| 0L .. 23L |] "everything once"
        Expect.equal (pass 0L) (pass 0L) "the same again"
        Expect.notEqual (pass 0L) (pass 1L) "another pass"

        for batch in classes.Pass(Seed.ofInt64 1L, 0L) do
            Expect.equal (batch |> Array.distinctBy (fun index -> labels[int index]) |> Array.length) 2 "classes"
    }

let tests = testList "your own" [ together; intoLosses; numbers; orders ]
