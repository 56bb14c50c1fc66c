/// Every loss and every miner of the library, so that laws hold for all of them.
module MetricLearning.Core.Tests.Support.EveryPart

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core.Tests.Support.RandomBatches

let private wrapped () = new ContrastiveLoss()

/// Each class of losses by its name, with four classes and five dimensions where it asks for them.
let losses: (string * (unit -> Loss)) list =
    let made: (unit -> Loss) list =
        [
            fun () -> new AngularLoss()
            fun () -> drawn (new ArcFaceLoss(4, 5))
            fun () -> new CircleLoss()
            fun () -> new ContrastiveLoss()
            fun () -> drawn (new CosFaceLoss(4, 5))
            fun () -> new CrossBatchMemory(wrapped (), 5, memorySize = 64)
            fun () -> new DynamicSoftMarginLoss()
            fun () -> new FastAPLoss()
            fun () -> new GeneralizedLiftedStructureLoss()
            fun () -> new HistogramLoss()
            fun () -> new InstanceLoss()
            fun () -> new IntraPairVarianceLoss()
            fun () -> drawn (new LargeMarginSoftmaxLoss(4, 5))
            fun () -> new LiftedStructureLoss()
            fun () -> drawn (new ManifoldLoss(5))
            fun () -> new MarginLoss(learnBeta = true, nu = 0.1, numClasses = 4)
            fun () -> new MultiSimilarityLoss()
            fun () -> new MultipleLosses([ wrapped () :> Loss; new TripletMarginLoss() ])
            fun () -> new NCALoss()
            fun () -> new NPairsLoss()
            fun () -> new NTXentLoss()
            fun () -> drawn (new NormalizedSoftmaxLoss(4, 5))
            fun () -> drawn (new P2SGradLoss(5, 4))
            fun () -> new PNPLoss()
            fun () -> drawn (new ProxyAnchorLoss(4, 5))
            fun () -> drawn (new ProxyNCALoss(4, 5))
            fun () -> new RankedListLoss(0.4, 1.0)
            fun () -> new SelfSupervisedLoss(wrapped ())
            fun () -> new SignalToNoiseRatioContrastiveLoss()
            fun () -> drawn (new SoftTripleLoss(4, 5))
            fun () -> drawn (new SphereFaceLoss(4, 5))
            fun () -> drawn (new SubCenterArcFaceLoss(4, 5))
            fun () -> new SupConLoss()
            fun () -> new ThresholdConsistentMarginLoss()
            fun () -> new TripletMarginLoss()
            fun () -> new TupletMarginLoss()
            fun () -> new VICRegLoss()
        ]

    [
        for make in made do
            use loss = make ()
            loss.Name, make
    ]

/// Each class of miners by its name; some have several choices.
let miners: (string * (unit -> Miner)) list =
    [
        "AngularMiner", (fun () -> AngularMiner())
        "BatchEasyHardMiner", (fun () -> BatchEasyHardMiner())
        "BatchEasyHardMiner, all positives",
        (fun () -> BatchEasyHardMiner(BatchEasyHardStrategy.All, BatchEasyHardStrategy.Hard))
        "BatchEasyHardMiner, semihard positives",
        (fun () -> BatchEasyHardMiner(BatchEasyHardStrategy.Semihard, BatchEasyHardStrategy.Easy))
        "BatchHardMiner", (fun () -> BatchHardMiner())
        "DistanceWeightedMiner", (fun () -> DistanceWeightedMiner())
        "EmbeddingsAlreadyPackagedAsTriplets", (fun () -> EmbeddingsAlreadyPackagedAsTriplets())
        "HDCMiner", (fun () -> HDCMiner())
        "MultiSimilarityMiner", (fun () -> MultiSimilarityMiner())
        "PairMarginMiner", (fun () -> PairMarginMiner())
        "TripletMarginMiner", (fun () -> TripletMarginMiner())
        "UniformHistogramMiner", (fun () -> UniformHistogramMiner())
    ]

/// The miners that draw nothing at random.
let steadyMiners =
    miners
    |> List.filter (fun (name, _) -> name <> "DistanceWeightedMiner" && name <> "UniformHistogramMiner")

/// Twelve samples of four classes, made of triplets: anchor, positive, negative.
let packagedLabels: int64 list = [ 0; 0; 1; 1; 1; 2; 2; 2; 3; 3; 3; 0 ]

let private namesOf (kind: Type) =
    [
        for found in kind.Assembly.GetTypes() do
            if kind.IsAssignableFrom found && not found.IsAbstract && found.IsPublic then
                found.Name
    ]
    |> List.sort

let private listed (parts: (string * 'Make) list) =
    parts
    |> List.map (fun (name, _) -> (name.Split ',')[0])
    |> List.distinct
    |> List.sort

let tests =
    testList
        "every part"
        [
            test "losses" { Expect.equal (listed losses) (namesOf typeof<Loss>) "all of the assembly" }
            test "miners" { Expect.equal (listed miners) (namesOf typeof<Miner>) "all of the assembly" }
        ]
