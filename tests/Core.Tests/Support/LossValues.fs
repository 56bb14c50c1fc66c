module MetricLearning.Core.Tests.Support.LossValues

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.RandomBatches

let cosine () = CosineSimilarity()

/// Name, loss, its value and sum of absolute gradients on the known batch, and on the known batch and reference set.
let relationalValues: (string * (unit -> Loss) * (float * float) * (float * float) option) list =
    [
        "Circle", (fun () -> new CircleLoss()), (196.41242257, 300.56706396), Some(65.04178235, 148.22247081)
        "Contrastive", (fun () -> new ContrastiveLoss()), (2.01175970, 2.50954107), Some(1.35429420, 0.85999201)
        "LiftedStructure", (fun () -> new LiftedStructureLoss()), (6.72861853, 6.74749139), Some(4.14455171, 3.37417132)
        "Margin", (fun () -> new MarginLoss()), (0.54029753, 1.15779373), Some(0.32219894, 0.73803601)
        "MultiSimilarity", (fun () -> new MultiSimilarityLoss()), (1.23554082, 1.57737618), Some(0.70411494, 0.86051315)
        "NCA", (fun () -> new NCALoss()), (2.55793106, 4.18209934), Some(1.39113925, 2.34329163)
        "NTXent", (fun () -> new NTXentLoss()), (12.90911408, 28.15709076), Some(3.33101818, 23.08763146)
        "TripletMargin", (fun () -> new TripletMarginLoss()), (0.56390526, 1.68006225), Some(0.16496827, 1.24282321)
        "TripletMargin with swap", (fun () -> new TripletMarginLoss(swap = true)), (0.77322750, 2.52556145), None
        "smooth TripletMargin", (fun () -> new TripletMarginLoss(smoothLoss = true)), (0.83772814, 0.92340458), None
        "TripletMargin on the cosine",
        (fun () -> new TripletMarginLoss(Distance = cosine ())),
        (0.74715168, 2.51843531),
        None
        "the mean of TripletMargin",
        (fun () -> new TripletMarginLoss(Reducer = MeanReducer())),
        (0.33416608, 0.99559244),
        None
        "Contrastive on the cosine",
        (fun () -> new ContrastiveLoss(posMargin = 1.0, negMargin = 0.0, Distance = cosine ())),
        (1.72925424, 2.88573341),
        None
        "NTXent on a distance", (fun () -> new NTXentLoss(Distance = LpDistance())), (12.35167288, 23.35497456), None
        "Angular", (fun () -> new AngularLoss()), (3.95655605, 5.82884449), Some(2.07470063, 3.35191895)
        "FastAP", (fun () -> new FastAPLoss()), (0.70468283, 1.39638037), None
        "GeneralizedLiftedStructure",
        (fun () -> new GeneralizedLiftedStructureLoss()),
        (3.16219701, 1.65971022),
        Some(2.42494073, 1.18997442)
        "Histogram", (fun () -> new HistogramLoss()), (0.53862204, 1.79570931), None
        "Instance", (fun () -> new InstanceLoss()), (67.07063269, 78.72428453), None
        "IntraPairVariance",
        (fun () -> new IntraPairVarianceLoss()),
        (0.30898548, 0.72160011),
        Some(0.04643380, 0.26504428)
        "NPairs", (fun () -> new NPairsLoss()), (1.50176748, 1.96275792), None
        "PNP", (fun () -> new PNPLoss()), (1.79187747, 9.49277252), None
        "PNP Ds", (fun () -> new PNPLoss(variant = PNPVariant.Ds)), (0.78056593, 2.54356546), None
        "PNP Iu", (fun () -> new PNPLoss(variant = PNPVariant.Iu)), (3.50231852, 22.89495474), None
        "PNP Ib", (fun () -> new PNPLoss(variant = PNPVariant.Ib)), (0.61973282, 4.00886060), None
        "PNP Dq", (fun () -> new PNPLoss(variant = PNPVariant.Dq, alpha = 8.0)), (0.65893282, 0.18103840), None
        "RankedList", (fun () -> new RankedListLoss(0.4, 1.0)), (0.61804586, 0.92108787), None
        "SignalToNoiseRatioContrastive",
        (fun () -> new SignalToNoiseRatioContrastiveLoss()),
        (3.14890854, 5.01052699),
        Some(1.48604984, 1.80410115)
        "SupCon", (fun () -> new SupConLoss()), (10.78922516, 19.49102662), Some(2.50729751, 14.10653436)
        "ThresholdConsistentMargin", (fun () -> new ThresholdConsistentMarginLoss()), (1.44336199, 2.53240046), None
        "TupletMargin", (fun () -> new TupletMarginLoss()), (52.12388812, 128.18273002), Some(8.64694702, 96.78097721)
        "NTXent by anchor",
        (fun () -> new NTXentLoss(Reducer = PerAnchorReducer(MeanReducer()))),
        (13.18876130, 25.77322030),
        None
    ]

/// Name, loss, weights, its value and sum of absolute gradients on the known batch, and with the known tuple.
let weightedValues: (string * WeightedLoss * torch.Tensor * (float * float) * (float * float)) list =
    [
        "ArcFace", new ArcFaceLoss(4, 4), Known.w 4 4, (67.31632074, 57.42223327), (18.59718057, 18.37740563)
        "ProxyAnchor",
        new ProxyAnchorLoss(4, 4),
        (Known.w 4 4).t(),
        (47.10046891, 48.08919387),
        (45.60095162, 48.07656847)
        "ProxyNCA", new ProxyNCALoss(4, 4), (Known.w 4 4).t(), (2.05969456, 1.63761553), (0.18507483, 0.08893106)
        "CosFace", new CosFaceLoss(4, 4), Known.w 4 4, (67.34070503, 60.53055093), (19.05749266, 20.38421559)
        "LargeMarginSoftmax",
        new LargeMarginSoftmaxLoss(4, 4),
        Known.w 4 4,
        (6.91321117, 10.93872703),
        (2.11171044, 3.62894221)
        "SphereFace", new SphereFaceLoss(4, 4), Known.w 4 4, (5.61018959, 8.34827272), (1.58944524, 2.57586819)
        "NormalizedSoftmax",
        new NormalizedSoftmaxLoss(4, 4),
        Known.w 4 4,
        (15.80543823, 18.58285583),
        (4.50339227, 6.13000517)
        "SoftTriple",
        new SoftTripleLoss(4, 4, centersPerClass = 2),
        Known.w 4 8,
        (6.17159629, 15.60991706),
        (0.57823191, 2.30129865)
        "SubCenterArcFace",
        new SubCenterArcFaceLoss(4, 4),
        Known.w 4 12,
        (29.96094766, 58.02691474),
        (7.26452138, 23.32932598)
    ]

let compare what (value, slope) (expectedValue, expectedSlope) =
    isNear 1e-8 value expectedValue $"{what}: loss"
    isNear 1e-8 slope expectedSlope $"{what}: gradient"

let known =
    testList
        "as the reference"
        [
            for name, make, batch, withReferences in relationalValues do
                test name {
                    using make (fun loss ->
                        let x, y = Known.x (), Known.y ()
                        compare name (valueAndSlope loss x y Tuples.All None) batch

                        match withReferences with
                        | None -> ()
                        | Some expected ->
                            let references = Some(Known.r (), Known.ry ())
                            compare $"{name}, references" (valueAndSlope loss x y Tuples.All references) expected)
                }

            for name, loss, weights, plain, withTuple in weightedValues do
                test name {
                    use _ = torch.NewDisposeScope()
                    loss.``to`` torch.float64 |> ignore

                    for parameter in loss.parameters () do
                        use _ = torch.no_grad ()
                        parameter.copy_ weights |> ignore

                    compare name (valueAndSlope loss (Known.x ()) (Known.y ()) Tuples.All None) plain

                    compare
                        $"{name}, tuple"
                        (valueAndSlope loss (Known.x ()) (Known.y ()) (Known.pairs ()) None)
                        withTuple
                }
        ]

/// What this library answers differently on purpose.
