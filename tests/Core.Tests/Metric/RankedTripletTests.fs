module MetricLearning.Core.Tests.Metric.RankedTripletTests

open System
open Expecto
open FsCheck
open FsCheck.FSharp
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.RandomBatches

type private Case =
    {
        Number: int
        Labels: int64 list
        RefLabels: int64 list option
        Margin: float
        Distance: string
        Reducer: string
        Dtype: torch.ScalarType
    }

let private distances: (string * (unit -> Distance)) list =
    [
        "euclidean", (fun () -> LpDistance())
        "squared", (fun () -> LpDistance(power = 2.0))
        "cosine", (fun () -> CosineSimilarity())
    ]

let private reducers: (string * (unit -> Reducer)) list =
    [
        "mean", (fun () -> MeanReducer())
        "sum", (fun () -> SumReducer())
        "mean of those above 0", (fun () -> AvgNonZeroReducer())
        "mean of those between", (fun () -> ThresholdReducer(low = 0.1, high = 0.5))
    ]

let private cases: Gen<Case> =
    gen {
        let! number = Gen.choose (0, 1_000_000)
        let! classes = Gen.choose (1, 4)
        let! labels = Gen.choose (0, classes - 1) |> Gen.listOf
        let! hasReferences = Gen.elements [ true; false ]
        let! refLabels = Gen.choose (0, classes - 1) |> Gen.nonEmptyListOf
        let! margin = Gen.elements [ 0.0; 0.05; 0.5; 3.0; -0.2 ]
        let! distance = Gen.elements (List.map fst distances)
        let! reducer = Gen.elements (List.map fst reducers)

        let! dtype =
            Gen.frequency [ 4, Gen.constant torch.float64; 1, Gen.constant torch.float32 ]

        return
            {
                Number = number
                Labels = List.map int64 (0 :: labels)
                RefLabels =
                    if hasReferences then
                        Some(List.map int64 refLabels)
                    else
                        None
                Margin = margin
                Distance = distance
                Reducer = reducer
                Dtype = dtype
            }
    }

// The loss, and its gradients to the batch and to the reference set.
let private valueAndGradient (case: Case) (tuples: Tuples) : float * torch.Tensor =
    use loss =
        new TripletMarginLoss(
            case.Margin,
            Distance = (Map.ofList distances)[case.Distance](),
            Reducer = (Map.ofList reducers)[case.Reducer]()
        )

    let leaf number count =
        (embeddings number count).to_type(case.Dtype).requires_grad_ true

    let rows = leaf case.Number case.Labels.Length
    let labels = vector case.Labels

    match case.RefLabels with
    | None ->
        let value = loss.Compute(rows, labels, tuples)
        value.backward ()
        value.ToDouble(), nonNull rows.grad
    | Some refLabels ->
        let references = leaf (case.Number + 1) refLabels.Length

        let value = loss.Compute(rows, labels, tuples, references, vector refLabels)
        value.backward ()

        // No gradient where there was nothing to compare with.
        let ofReferences =
            match references.grad with
            | null -> torch.zeros_like references
            | grad -> grad

        value.ToDouble(), torch.cat [| nonNull rows.grad; ofReferences |]

let private agree (case: Case) (some: Tuples) (others: Tuples) =
    let tolerance = if case.Dtype = torch.float64 then 1e-9 else 1e-4
    let value, gradient = valueAndGradient case some
    let expected, expectedGradient = valueAndGradient case others
    isNear tolerance value expected "value"

    Expect.isTrue
        (torch.allclose (gradient, expectedGradient, tolerance, tolerance))
        "gradients to the batch and to the reference set"

let private settings =
    { Checked.config with
        maxTest = 300
        endSize = 25
    }

let private refLabelsOf (case: Case) : torch.Tensor | null =
    match case.RefLabels with
    | None -> null
    | Some labels -> vector labels

let tests =
    testList
        "ranked triplets"
        [
            testPropertyWithConfig settings "all triplets: what a list of them gives"
            <| Prop.forAll (Arb.fromGen cases) (fun case ->
                use _ = torch.NewDisposeScope()

                let struct (a, p, n) = Tuples.allTriplets (vector case.Labels) (refLabelsOf case)

                agree case Tuples.All (Tuples.Triplets(a, p, n)))

            testPropertyWithConfig settings "mined pairs: what a list of their triplets gives"
            <| Prop.forAll (Arb.fromGen cases) (fun case ->
                use _ = torch.NewDisposeScope()
                let struct (a1, p, a2, n) = Tuples.allPairs (vector case.Labels) (refLabelsOf case)

                // Every third pair, as a miner may leave it.
                let third (indices: torch.Tensor) =
                    indices.index_select (0L, torch.arange (0L, indices.size 0, 3L))

                let a1, p, a2, n = third a1, third p, third a2, third n
                let struct (a, positive, negative) = Tuples.tripletsOfPairs a1 p a2 n
                agree case (Tuples.Pairs(a1, p, a2, n)) (Tuples.Triplets(a, positive, negative)))

            test "pairs that are listed twice make their triplets twice" {
                use _ = torch.NewDisposeScope()

                let case =
                    {
                        Number = 3
                        Labels = [ 0L; 0L; 1L; 1L; 2L ]
                        RefLabels = None
                        Margin = 3.0
                        Distance = "euclidean"
                        Reducer = "sum"
                        Dtype = torch.float64
                    }

                let pairs positives =
                    Tuples.Pairs(
                        vector [ for a, _ in positives -> a ],
                        vector [ for _, p in positives -> p ],
                        vector [ 0L; 2L ],
                        vector [ 2L; 4L ]
                    )

                let once, _ = valueAndGradient case (pairs [ 0L, 1L ])
                let twice, _ = valueAndGradient case (pairs [ 0L, 1L; 0L, 1L ])
                isNear 1e-12 twice (2.0 * once) "twice"
            }

            testList
                "sums and counts list no triplet"
                [
                    for name, reducer in List.take 3 reducers do
                        test name {
                            use _ = torch.NewDisposeScope()

                            let input =
                                MetricInput(
                                    embeddings 1 6,
                                    vector [ 0; 0; 0; 1; 1; 2 ],
                                    Tuples.All,
                                    null,
                                    null,
                                    lazy seed
                                )

                            let distance = LpDistance()
                            let matrix = distance.Matrix(input.Embeddings, null)
                            let masks = (TripletMasks.TryOf(input, Nullable())).Value
                            let triplets = RankedTriplets(matrix, masks, 0.3, distance.IsInverted)
                            let oneByOne = lazy (failtest "the triplets were listed")
                            let elements = RankedElements("loss", triplets, oneByOne, false)
                            let value = reducer().ReduceOne(elements, input.Embeddings, input.Labels)
                            Expect.isGreaterThan (value.ToDouble()) 0.0 "a loss"
                        }
                ]
        ]
