/// A loss that is computed tile by tile is the loss.
module MetricLearning.Core.Tests.Metric.TileTests

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.RandomBatches
open MetricLearning.Core.Tests.Support.TileCases

let private isIndependent (make: unit -> Loss) =
    use loss = make ()
    loss.AnchorsAreIndependent

// Every class of losses, and their variants.
let private losses =
    EveryPart.losses
    @ every
    @ [
        "TripletMargin, smooth", (fun () -> new TripletMarginLoss(smoothLoss = true) :> Loss)
        "TripletMargin on the cosine", (fun () -> new TripletMarginLoss(Distance = CosineSimilarity()))
        "Contrastive, not normalised",
        (fun () -> new ContrastiveLoss(Distance = LpDistance(normalizeEmbeddings = false, power = 2.0)))
        "NTXent with a cost",
        (fun () -> new NTXentLoss(EmbeddingRegularizer = LpRegularizer(), EmbeddingRegWeight = 0.3))
        "ArcFace with a cost",
        (fun () -> drawn (new ArcFaceLoss(4, 5, WeightRegularizer = LpRegularizer(), WeightRegWeight = 0.3)))
    ]
    |> List.filter (snd >> isIndependent)

let private reducers: (string * (unit -> Reducer)) list =
    [
        "mean", (fun () -> MeanReducer())
        "sum", (fun () -> SumReducer())
        "mean of those above 0", (fun () -> AvgNonZeroReducer())
        "mean of those between", (fun () -> ThresholdReducer(low = 0.1, high = 1.5))
        "weights of classes", (fun () -> ClassWeightedReducer(float64 [| 0.5; 2.0; 1.0; 3.0 |]))
        "divisor", (fun () -> DivisorReducer())
        "by anchor", (fun () -> PerAnchorReducer())
        "by anchor, those above 0", (fun () -> PerAnchorReducer(AvgNonZeroReducer()))
        "several",
        (fun () -> MultipleReducers(dict [ "pos_loss", SumReducer() :> Reducer ] |> Collections.Generic.Dictionary))
    ]

let private suits (loss: Loss) (batch: Batch) =
    (loss.TakesTuples || batch.Tuples.IsAll)
    && (loss.TakesReferences || batch.References.IsNone)

let private whole (make: unit -> Loss) (batch: Batch) =
    outcome make batch (fun loss _ -> loss.MaxMemory <- Int64.MaxValue)

let private inTiles (anchors: int64) (make: unit -> Loss) (batch: Batch) =
    outcome make batch (fun loss input -> loss.MaxMemory <- memoryFor anchors loss input)

let private same (make: unit -> Loss) =
    use loss = make ()

    for batch in batches do
        if suits loss batch then
            let expected = whole make batch

            for anchors in [ 1L; 3L; 4L; 6L ] do
                let found = inTiles anchors make batch
                Expect.isTrue (areAlike expected found) $"{batch.Name}, {anchors} at a time: {found}, not {expected}"

/// Pairs, of which one tells of the other anchors as well if it lies.
type private OwnLoss(lies: bool) =
    inherit GenericPairLoss("OwnLoss")
    override _.AnchorsAreIndependent = true

    override _.ComputePairs(positives, negatives) =
        let other =
            if lies then
                positives.Values.sum ()
            else
                torch.zeros (1L, dtype = torch.float64)

        [|
            positives.Elements("loss", positives.Values + negatives.Values.amin ([| 1L |], true) + other)
        |]

/// One value for each anchor, and one for the batch.
type private ReducedLoss() =
    inherit Loss("ReducedLoss")
    override _.AnchorsAreIndependent = true

    override this.ComputeLoss input =
        [|
            ElementsOf.Reduced("loss", this.Distance.Matrix(input.Embeddings, input.References).sum())
        |]

/// Asks for all values.
type private ListingReducer() =
    inherit Reducer("ListingReducer")
    override _.IsSumOverCount = true
    override _.ReduceElements(elements, _, _) = elements.List().Values.sum()

let private alone = List.head batches

let private own =
    testList
        "of one's own"
        [
            test "a loss that is right about its anchors" {
                let make () : Loss = new OwnLoss(false)
                Expect.isTrue (areAlike (whole make alone) (inTiles 3L make alone)) "as whole"
            }

            test "a loss that is wrong about its anchors is another one in tiles" {
                let make () : Loss = new OwnLoss(true)
                Expect.isFalse (areAlike (whole make alone) (inTiles 3L make alone)) "not as whole"
            }

            test "one value for the batch does not add up" {
                use loss = new ReducedLoss(MaxMemory = 1L)

                Expectations.throws<InvalidOperationException> "does not add up" (fun () ->
                    loss.Compute(embeddings 5 11, vector alone.Labels) |> ignore)
            }

            test "a reducer that asks for all values although it says otherwise" {
                use loss = new NTXentLoss(MaxMemory = 1L, Reducer = ListingReducer())

                Expectations.throws<NotSupportedException> "Sum, Count, Mean" (fun () ->
                    loss.Compute(embeddings 5 11, vector alone.Labels) |> ignore)
            }

            test "a reducer that needs all values gets them" {
                let make () : Loss =
                    new NTXentLoss(Reducer = PerAnchorReducer(null, (fun losses counts -> losses.sum 1L * counts)))

                Expect.isTrue (areAlike (whole make alone) (inTiles 1L make alone)) "as whole"
            }
        ]

// Two calls, so that the memory holds another batch, too.
let private remembered (make: unit -> Loss) (memory: int64) (tuples: Tuples) : Outcome =
    let wrapped () : Loss =
        let inner = make ()
        inner.MaxMemory <- memory
        new CrossBatchMemory(inner, 5, memorySize = 32)

    outcome wrapped { alone with Tuples = tuples } (fun loss input ->
        loss.Compute(embeddings 9 11, input.Labels, Tuples.All) |> ignore)

let private statisticsOf (memory: int64) : float list =
    use _ = torch.NewDisposeScope()
    let distance = LpDistance(CollectStats = true)
    let reducer = AvgNonZeroReducer(CollectStats = true)

    use loss =
        new ContrastiveLoss(MaxMemory = memory, Distance = distance, Reducer = reducer, CollectStats = true)

    loss.Compute((embeddings 5 11).requires_grad_ true, vector alone.Labels).backward()

    [
        for part in loss.Reducer.ByPart.Values do
            yield! part.Stats.Values

        yield! distance.Stats.Values
        yield! loss.Stats.Values
    ]

let private around =
    testList
        "around it"
        [
            for name, make in losses do
                use loss = make ()

                if loss.TakesReferences then
                    let mined =
                        if loss.TakesTuples then
                            [ alone.Tuples; batches[4].Tuples ]
                        else
                            [ alone.Tuples ]

                    test $"{name}: against a memory" {
                        for tuples in mined do
                            let expected, found =
                                remembered make Int64.MaxValue tuples, remembered make 3000L tuples

                            Expect.isTrue (areAlike expected found) $"{found}, not {expected}"
                    }

            test "statistics are those of the whole batch" {
                for found, expected in List.zip (statisticsOf 1L) (statisticsOf Int64.MaxValue) do
                    isNear 1e-12 found expected "a statistic"
            }

            test "without gradients there is a value alone" {
                use _ = torch.NewDisposeScope()
                use _ = torch.no_grad ()

                let value (memory: int64) =
                    use loss = new NTXentLoss(MaxMemory = memory)
                    loss.Compute(embeddings 5 11, vector alone.Labels)

                isNear 1e-12 (number (value 1L)) (number (value Int64.MaxValue)) "value"
                Expect.isFalse (value 1L).requires_grad "no graph"
            }

            test "numbers that are not finite show" {
                for broken in [ nan; infinity ] do
                    use _ = torch.NewDisposeScope()
                    let rows = embeddings 5 11
                    rows[3L, 1L] <- torch.tensor broken
                    use loss = new ContrastiveLoss(MaxMemory = 1L)
                    Expect.isFalse (Double.IsFinite(number (loss.Compute(rows, vector alone.Labels)))) "the loss"
            }

            for dtype in [ torch.float32; torch.float16; torch.bfloat16 ] do
                test $"{dtype}: about the same" {
                    let of' (memory: int64) =
                        use _ = torch.NewDisposeScope()
                        use loss = new ContrastiveLoss(MaxMemory = memory)
                        let rows = (embeddings 5 11).``to``(dtype).detach().requires_grad_ true
                        loss.Compute(rows, vector alone.Labels).backward()
                        number ((gradient rows).``to``(torch.float64).abs().sum())

                    isNear 0.02 (of' 1L) (of' Int64.MaxValue) "gradient"
                }

            testSequenced (
                test "no tensor outlives its scope" {
                    let kept = [ for _, make in losses -> make () ]

                    for loss in kept do
                        loss.MaxMemory <- 1L

                        Expectations.leavesNoTensors (fun () ->
                            use _ = torch.NewDisposeScope()
                            let rows = (embeddings 2 8).``to``(torch.float32).requires_grad_ true
                            loss.Compute(rows, Known.y () % 4L).backward()
                            loss.zero_grad ())

                        loss.Dispose()
                }
            )
        ]

let tests =
    testList
        "tiles"
        [
            for name, make in losses do
                test $"{name}: as whole" { same make }

                for reducer, reduce in reducers do
                    test $"{name}, {reducer}: as whole" {
                        same (fun () ->
                            let loss = make ()
                            loss.Reducer <- reduce ()
                            loss)
                    }

            own
            around
        ]
