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
let losses =
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

/// Reducers that are sums over counts, by name.
let reducers: (string * (unit -> Reducer)) list =
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

/// True if the loss takes what there is besides embeddings and labels.
let suits (make: unit -> Loss) (batch: Batch) =
    use loss = make ()

    (loss.TakesTuples || batch.Tuples.IsAll)
    && (loss.TakesReferences || batch.References.IsNone)

/// What a loss makes of a batch in one piece.
let whole (make: unit -> Loss) (batch: Batch) =
    outcome make batch (fun loss _ -> loss.MaxMemory <- Int64.MaxValue)

let private inTiles (anchors: int64) (make: unit -> Loss) (batch: Batch) =
    outcome make batch (fun loss input -> loss.MaxMemory <- memoryFor anchors loss input)

let private same (sizes: int64 list) (make: unit -> Loss) =
    for batch in batches do
        if suits make batch then
            let expected = whole make batch

            for anchors in sizes do
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

let alone = List.head batches

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

let tests =
    testList
        "tiles"
        [
            for name, make in losses do
                test $"{name}: as whole" { same [ 1L; 3L; 4L; 6L ] make }

                for reducer, reduce in reducers do
                    test $"{name}, {reducer}: as whole" {
                        same [ 3L ] (fun () ->
                            let loss = make ()
                            loss.Reducer <- reduce ()
                            loss)
                    }

            own
        ]
