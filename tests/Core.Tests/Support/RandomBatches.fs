module MetricLearning.Core.Tests.Support.RandomBatches

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core

/// FsCheck settings for properties that run a loss: small batches, and not too many of them.
let few =
    { Checked.config with
        maxTest = 25
        endSize = 12
    }

let seed = Seed.ofInt64 1L

let float64 (values: float[]) : torch.Tensor = torch.tensor values

let vector (numbers: int64 seq) : torch.Tensor = torch.tensor (Seq.toArray numbers)

/// A tensor of one number.
let filled (shape: int64 list) (value: float) : torch.Tensor =
    torch.zeros (List.toArray shape, dtype = torch.float64) + value

/// (rows × columns) of numbers that depend on row and column.
let matrix (rows: int) (columns: int) (entry: float -> float -> float) : torch.Tensor =
    (float64
        [|
            for row in 0 .. rows - 1 do
                for column in 0 .. columns - 1 do
                    entry (float row) (float column)
        |])
        .reshape(int64 rows, int64 columns)

/// Four classes from arbitrary bytes.
let classes (codes: byte[]) : int64[] =
    codes |> Array.map (fun code -> int64 (code % 4uy))

/// Embeddings that a number decides.
let embeddings (number: int) (rows: int) : torch.Tensor =
    use generator = new torch.Generator(uint64 (abs (int64 number)))
    torch.randn (int64 rows, 5L, dtype = torch.float64, generator = generator)

/// The losses that look at pairs and triplets, by name.
let relational: (string * (unit -> Loss)) list =
    [
        "TripletMargin", (fun () -> new TripletMarginLoss())
        "TripletMargin with swap", (fun () -> new TripletMarginLoss(swap = true, smoothLoss = true))
        "Contrastive", (fun () -> new ContrastiveLoss())
        "NTXent", (fun () -> new NTXentLoss())
        "MultiSimilarity", (fun () -> new MultiSimilarityLoss())
        "Margin", (fun () -> new MarginLoss())
        "Circle", (fun () -> new CircleLoss())
        "LiftedStructure", (fun () -> new LiftedStructureLoss())
        "MultipleLosses", (fun () -> new MultipleLosses([ new ContrastiveLoss() :> Loss; new TripletMarginLoss() ]))
        "GeneralizedLiftedStructure", (fun () -> new GeneralizedLiftedStructureLoss())
        "SignalToNoiseRatioContrastive", (fun () -> new SignalToNoiseRatioContrastiveLoss())
        "SupCon", (fun () -> new SupConLoss())
        "IntraPairVariance", (fun () -> new IntraPairVarianceLoss())
        "TupletMargin", (fun () -> new TupletMarginLoss())
        "ThresholdConsistentMargin", (fun () -> new ThresholdConsistentMarginLoss())
    ]

/// What a loss that looks at the batch as a whole can be given besides labels.
type Takes = { Tuples: bool; References: bool }

let private pnp (variant: PNPVariant) () : Loss =
    new PNPLoss(variant = variant, anneal = 0.1)

/// The losses that need labels, or take no reference set, by name.
let batchwise: (string * (unit -> Loss) * Takes) list =
    [
        "Angular", (fun () -> new AngularLoss()), { Tuples = true; References = true }
        "NPairs", (fun () -> new NPairsLoss()), { Tuples = true; References = false }
        "FastAP", (fun () -> new FastAPLoss()), { Tuples = true; References = false }
        "Histogram", (fun () -> new HistogramLoss()), { Tuples = true; References = false }
        "Instance", (fun () -> new InstanceLoss()), { Tuples = false; References = false }
        "RankedList", (fun () -> new RankedListLoss(0.4, 1.0)), { Tuples = false; References = false }

        for variant in Enum.GetValues<PNPVariant>() do
            $"PNP {variant}", pnp variant, { Tuples = false; References = false }
    ]

let private learnedMargin () : Loss =
    new MarginLoss(learnBeta = true, nu = 0.1)

let private learnedMargins (classes: int) () : Loss =
    new MarginLoss(learnBeta = true, nu = 0.1, numClasses = classes)

/// The loss with what it learns drawn from a generator of its own: libtorch's is one for all tests that run side by side.
let drawn (loss: #Loss) =
    use _ = torch.no_grad ()
    use generator = new torch.Generator(23UL)

    for parameter in loss.parameters () do
        use values =
            torch.randn (parameter.shape, dtype = parameter.dtype, generator = generator)

        parameter.copy_ values |> ignore

    loss

/// The losses that learn vectors of so many classes, in so many dimensions, by name.
let weightedOf (classes: int) (size: int) : (string * (unit -> WeightedLoss)) list =
    [
        "ArcFace", (fun () -> new ArcFaceLoss(classes, size) :> WeightedLoss)
        "ProxyNCA", (fun () -> new ProxyNCALoss(classes, size))
        "ProxyAnchor", (fun () -> new ProxyAnchorLoss(classes, size))
        "CosFace", (fun () -> new CosFaceLoss(classes, size))
        "SubCenterArcFace", (fun () -> new SubCenterArcFaceLoss(classes, size))
        "NormalizedSoftmax", (fun () -> new NormalizedSoftmaxLoss(classes, size))
        "LargeMarginSoftmax", (fun () -> new LargeMarginSoftmaxLoss(classes, size))
        "SphereFace", (fun () -> new SphereFaceLoss(classes, size))
        "SoftTriple", (fun () -> new SoftTripleLoss(classes, size))
    ]
    |> List.map (fun (name, make) -> name, make >> drawn)

/// Every loss of one batch with so many classes and dimensions, by name; those that remember or compare views have tests
/// of their own.
let everyOf (classes: int) (size: int) : (string * (unit -> Loss)) list =
    relational
    @ [
        "NCA", (fun () -> new NCALoss())
        "Margin that learns β", learnedMargin
        "Margin that learns a β a class", learnedMargins classes
    ]
    @ [ for name, make, _ in batchwise -> name, make ]
    @ [
        for name, make in weightedOf classes size -> name, (fun () -> make () :> Loss)
    ]

/// With four classes and five dimensions.
let weighted = weightedOf 4 5

/// With four classes and five dimensions.
let every = everyOf 4 5

/// What a loss takes besides embeddings and labels.
let takes (name: string) : Takes =
    match batchwise |> List.tryFind (fun (other, _, _) -> other = name) with
    | Some(_, _, takes) -> takes
    | None ->
        {
            Tuples = true
            References = weighted |> List.forall (fun (other, _) -> other <> name)
        }

let private made (make: unit -> 'Loss when 'Loss :> Loss) : 'Loss =
    let loss = make ()
    loss.``to`` torch.float64 |> ignore
    loss

/// What the act makes of a loss in float64, which is disposed afterwards.
let using (make: unit -> 'Loss when 'Loss :> Loss) (act: 'Loss -> 'T) : 'T =
    use _ = torch.NewDisposeScope()
    use loss = made make
    act loss

let number (scalar: torch.Tensor) : float =
    scalar.``to``(torch.float64).item<float>()

let gradient (tensor: torch.Tensor) : torch.Tensor =
    match tensor.grad with
    | null -> torch.zeros_like tensor
    | given -> given

/// Value, and the sum of all absolute gradients of the embeddings.
let valueAndSlope
    (loss: Loss)
    (rows: torch.Tensor)
    (labels: torch.Tensor | null)
    (tuples: Tuples)
    (references: (torch.Tensor * torch.Tensor) option)
    : float * float =
    let rows = rows.detach().clone().requires_grad_ true

    let value =
        match references with
        | None -> loss.Compute(rows, labels, tuples, null, null, seed)
        | Some(refRows, refLabels) -> loss.Compute(rows, labels, tuples, refRows, refLabels, seed)

    value.backward ()
    number value, number ((gradient rows).abs().sum())

let isNear (tolerance: float) (actual: float) (expected: float) (what: string) =
    let near = abs (actual - expected) <= tolerance * max 1.0 (abs expected)
    Expect.isTrue near $"{what}: {actual}, expected {expected}"

/// Appendix A: the batch and the reference set of the reference values.
module Known =
    let x () =
        matrix 8 4 (fun i j -> sin (1.0 + 0.9 * i + 1.7 * j + 0.3 * i * j))

    let y () = vector [ 0; 0; 0; 1; 1; 2; 2; 3 ]

    let r () =
        matrix 5 4 (fun i j -> cos (0.5 + 0.8 * i - 1.1 * j + 0.2 * i * j))

    let ry () = vector [ 0; 1; 1; 2; 3 ]

    let w rows columns =
        matrix rows columns (fun i j -> cos (0.4 + 1.3 * i + 0.6 * j + 0.5 * i * j))

    /// The tuple whose weights are 1, 1/3, 0, 2/3, 1/3, 1/3, 0, 0.
    let pairs () =
        Tuples.Pairs(vector [ 0; 3 ], vector [ 1; 4 ], vector [ 0; 0 ], vector [ 3; 5 ])
