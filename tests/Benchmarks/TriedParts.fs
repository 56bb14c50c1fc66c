namespace MetricLearning.Benchmarks

open MetricLearning

/// A choice that is tried on the digits.
[<NoEquality; NoComparison>]
type Tried =
    {
        Name: string
        /// The loss for the given number of classes.
        Loss: int -> Loss
        /// The learning rate of what the loss learns.
        LossRate: float
        Miner: Miner option
    }

/// What a user may choose, each with its default settings.
module TriedParts =

    /// Size of the embeddings.
    let size = 32

    let private alone (name: string) (loss: int -> Loss) : Tried =
        {
            Name = name
            Loss = loss
            LossRate = 1e-3
            Miner = None
        }

    let private ofPairs (loss: unit -> Loss) : Tried =
        use one = loss ()
        alone one.Name (fun _ -> loss ())

    let private ofClasses (loss: int -> Loss) : Tried =
        use one = loss 2
        alone one.Name (fun classes -> loss classes)

    /// The losses that take labelled samples; what a constructor asks for is given in the name.
    let losses: Tried list =
        [
            ofPairs (fun () -> new AngularLoss())
            ofPairs (fun () -> new CircleLoss())
            ofPairs (fun () -> new ContrastiveLoss())
            ofPairs (fun () -> new DynamicSoftMarginLoss())
            ofPairs (fun () -> new FastAPLoss())
            ofPairs (fun () -> new GeneralizedLiftedStructureLoss())
            ofPairs (fun () -> new HistogramLoss())
            ofPairs (fun () -> new IntraPairVarianceLoss())
            ofPairs (fun () -> new LiftedStructureLoss())
            ofPairs (fun () -> new MarginLoss())
            ofPairs (fun () -> new MultiSimilarityLoss())
            ofPairs (fun () -> new NCALoss())
            ofPairs (fun () -> new NPairsLoss())
            ofPairs (fun () -> new NTXentLoss())
            ofPairs (fun () -> new PNPLoss())
            ofPairs (fun () -> new SignalToNoiseRatioContrastiveLoss())
            ofPairs (fun () -> new SupConLoss())
            ofPairs (fun () -> new TripletMarginLoss())
            ofPairs (fun () -> new TupletMarginLoss())
            alone "RankedListLoss(0.4, 10)" (fun _ -> new RankedListLoss(margin = 0.4, tn = 10.0))
            alone "CrossBatchMemory(ContrastiveLoss)" (fun _ -> new CrossBatchMemory(new ContrastiveLoss(), size))
            alone "MultipleLosses(TripletMarginLoss, ThresholdConsistentMarginLoss)" (fun _ ->
                new MultipleLosses([ new TripletMarginLoss() :> Loss; new ThresholdConsistentMarginLoss() ]))
            ofClasses (fun classes -> new ArcFaceLoss(classes, size))
            ofClasses (fun classes -> new CosFaceLoss(classes, size))
            ofClasses (fun classes -> new LargeMarginSoftmaxLoss(classes, size))
            ofClasses (fun classes -> new NormalizedSoftmaxLoss(classes, size))
            ofClasses (fun classes -> new P2SGradLoss(size, classes))
            ofClasses (fun classes -> new ProxyAnchorLoss(classes, size))
            ofClasses (fun classes -> new ProxyNCALoss(classes, size))
            ofClasses (fun classes -> new SoftTripleLoss(classes, size))
            ofClasses (fun classes -> new SphereFaceLoss(classes, size))
            ofClasses (fun classes -> new SubCenterArcFaceLoss(classes, size))
        ]

    let private allMiners: Miner list =
        [
            AngularMiner()
            BatchEasyHardMiner()
            BatchHardMiner()
            DistanceWeightedMiner()
            HDCMiner()
            MultiSimilarityMiner()
            PairMarginMiner()
            TripletMarginMiner()
            UniformHistogramMiner()
        ]

    /// No miner and every miner that goes by labels, each with the same loss of triplets.
    let miners: Tried list =
        [
            for miner in None :: List.map Some allMiners ->
                {
                    Name = miner |> Option.map _.Name |> Option.defaultValue "none"
                    Loss = fun _ -> new TripletMarginLoss(margin = 0.1)
                    LossRate = 1e-3
                    Miner = miner
                }
        ]

    let private memory (warmUp: int) (_: int) : Loss =
        new CrossBatchMemory(new ContrastiveLoss(), size, warmUp = warmUp)

    /// What the page advises beyond defaults.
    let settings: Tried list =
        [
            { alone "MultiSimilarityLoss, MultiSimilarityMiner" (fun _ -> new MultiSimilarityLoss()) with
                Miner = Some(MultiSimilarityMiner())
            }
            { alone "ContrastiveLoss, BatchHardMiner" (fun _ -> new ContrastiveLoss()) with
                Miner = Some(BatchHardMiner())
            }
            alone "CrossBatchMemory(ContrastiveLoss, warmUp: 300)" (memory 300)
            { alone "ArcFaceLoss, learning rate 0.1" (fun classes -> new ArcFaceLoss(classes, size)) with
                LossRate = 0.1
            }
            { alone "ProxyAnchorLoss, learning rate 0.1" (fun classes -> new ProxyAnchorLoss(classes, size)) with
                LossRate = 0.1
            }
            { alone "NormalizedSoftmaxLoss, learning rate 0.1" (fun classes -> new NormalizedSoftmaxLoss(classes, size)) with
                LossRate = 0.1
            }
        ]
