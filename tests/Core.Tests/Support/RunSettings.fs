namespace MetricLearning.Core.Tests.Support

open FsCheck
open FsCheck.FSharp
open TorchSharp
open MetricLearning

// `open type torch` would make tensor types of int, float and their like.
type Tensor = torch.Tensor
type ScalarType = torch.ScalarType

/// Which samples the run sees, and in which order.
[<RequireQualifiedAccess>]
type SamplerChoice =
    | Shuffled
    | MPerClass
    | OwnIndices
    | OwnBatches

/// How learning rates move.
[<RequireQualifiedAccess>]
type ScheduleSetting =
    | Constant
    | ByIteration
    | ByEpoch
    | ByPlateau
    | All

/// One choice of everything a run can be made of. Every subject makes its options from it.
type Settings =
    {
        Seed: int64
        Float64: bool
        BatchNorm: bool
        Dropout: bool
        Embedder: bool
        /// Index into `RunOptimizers.optimizers`, or `RunOptimizers.torchOptimizers`.
        Optimizer: int
        /// TorchSharp's optimizers instead of values of ours.
        TorchOptimizers: bool
        /// TorchSharp's schedulers with TorchSharp's optimizers.
        TorchSchedulers: bool
        /// Index into `RunParts.losses`.
        Loss: int
        /// Index into `RunParts.miners`.
        Miner: int
        Subset: bool
        Sampler: SamplerChoice
        Schedule: ScheduleSetting
        /// Index into what may be frozen: nothing, the embedder, the trunk, the loss.
        Freeze: int
        FreezeBatchnorm: bool
        IterationsPerEpoch: int option
        Clip: bool
        /// Samples one by one, with chance of their own, instead of two tensors.
        AsSamples: bool
        Workers: int
        /// None: the whole batch at once. Never so small that batch norm would be given a single row.
        MicroBatchSize: int option
        /// Index into `RunParts.averagings`.
        Averaging: int
        Precision: Precision
        /// Weights of networks are in the 16 bits of the precision, if it has 16.
        HalfWeights: bool
    }

module Settings =

    /// A run that uses most mechanisms: dropout, batch norm, momentum, a loss that learns.
    let rich: Settings =
        {
            Seed = 3L
            Float64 = false
            BatchNorm = true
            Dropout = true
            Embedder = true
            Optimizer = 3
            TorchOptimizers = false
            TorchSchedulers = false
            Loss = 2
            Miner = 0
            Subset = false
            Sampler = SamplerChoice.Shuffled
            Schedule = ScheduleSetting.Constant
            Freeze = 0
            FreezeBatchnorm = false
            IterationsPerEpoch = Some 4
            Clip = false
            AsSamples = false
            Workers = 0
            MicroBatchSize = None
            Averaging = 0
            Precision = Precision.Float32
            HalfWeights = false
        }

    /// The same in 16 bits, and with weights of 16 bits.
    let inHalf: Settings list =
        [
            for precision in [ Precision.BFloat16; Precision.Float16 ] do
                for halfWeights in [ false; true ] do
                    { rich with
                        Precision = precision
                        HalfWeights = halfWeights
                    }
        ]

    /// The precision in words.
    let precisionOf (settings: Settings) : string =
        if settings.HalfWeights then
            $"{settings.Precision}, weights too"
        else
            string settings.Precision

    /// The type of the weights of networks.
    let dtypeOf (settings: Settings) : ScalarType =
        match settings.Precision with
        | _ when settings.Float64 -> ScalarType.Float64
        | Precision.BFloat16 when settings.HalfWeights -> ScalarType.BFloat16
        | Precision.Float16 when settings.HalfWeights -> ScalarType.Float16
        | _ -> ScalarType.Float32

    let gen: Gen<Settings> =
        gen {
            let! seed = Gen.choose (0, 1_000_000)
            let! float64 = Gen.elements [ true; false ]
            let! batchNorm = Gen.elements [ true; false ]
            let! dropout = Gen.elements [ true; false ]
            let! embedder = Gen.elements [ true; false ]
            let! optimizer = Gen.choose (0, 1000)
            let! torchOptimizers = Gen.frequency [ 1, Gen.constant true; 2, Gen.constant false ]
            let! torchSchedulers = Gen.elements [ true; false ]
            let! loss = Gen.choose (0, 1000)
            let! miner = Gen.choose (0, 1000)
            let! subset = Gen.frequency [ 1, Gen.constant true; 3, Gen.constant false ]

            let! sampler =
                Gen.elements
                    [
                        SamplerChoice.Shuffled
                        SamplerChoice.MPerClass
                        SamplerChoice.OwnIndices
                        SamplerChoice.OwnBatches
                    ]

            let! schedule =
                Gen.elements
                    [
                        ScheduleSetting.Constant
                        ScheduleSetting.ByIteration
                        ScheduleSetting.ByEpoch
                        ScheduleSetting.ByPlateau
                        ScheduleSetting.All
                    ]

            let! freeze = Gen.choose (0, 1000)
            let! freezeBatchnorm = Gen.frequency [ 1, Gen.constant true; 4, Gen.constant false ]
            let! iterations = Gen.elements [ None; Some 1; Some 2; Some 5 ]
            let! clip = Gen.elements [ true; false ]
            let! asSamples = Gen.elements [ true; false ]
            let! workers = Gen.choose (0, 3)
            let! microBatchSize = Gen.elements [ None; None; Some 3; Some 5; Some 8 ]
            let! averaging = Gen.choose (0, 4)

            let! precision =
                Gen.frequency
                    [
                        2, Gen.constant Precision.Float32
                        1, Gen.constant Precision.BFloat16
                        1, Gen.constant Precision.Float16
                    ]

            let! halfWeights = Gen.elements [ true; false ]

            return
                {
                    Seed = int64 seed
                    Float64 = float64
                    BatchNorm = batchNorm
                    Dropout = dropout
                    Embedder = embedder
                    Optimizer = optimizer
                    TorchOptimizers = torchOptimizers
                    TorchSchedulers = torchSchedulers
                    Loss = loss
                    Miner = miner
                    Subset = subset
                    Sampler = sampler
                    Schedule = schedule
                    Freeze = freeze
                    FreezeBatchnorm = freezeBatchnorm
                    IterationsPerEpoch = iterations
                    Clip = clip
                    AsSamples = asSamples
                    Workers = workers
                    MicroBatchSize = microBatchSize
                    Averaging = averaging
                    Precision = precision
                    HalfWeights = halfWeights
                }
        }

    // Towards the plainest run.
    let private simpler (settings: Settings) : Settings seq =
        let plainer =
            [
                { settings with Averaging = 0 }
                { settings with
                    Precision = Precision.Float32
                }
                { settings with HalfWeights = false }
                { settings with MicroBatchSize = None }
                { settings with Workers = 0 }
                { settings with AsSamples = false }
                { settings with Clip = false }
                { settings with
                    IterationsPerEpoch = Some 2
                }
                { settings with
                    FreezeBatchnorm = false
                }
                { settings with Freeze = 0 }
                { settings with
                    Schedule = ScheduleSetting.Constant
                }
                { settings with
                    Sampler = SamplerChoice.Shuffled
                }
                { settings with Subset = false }
                { settings with Miner = 0 }
                { settings with Loss = 0 }
                { settings with Optimizer = 0 }
                { settings with
                    TorchSchedulers = false
                }
                { settings with
                    TorchOptimizers = false
                }
                { settings with Embedder = false }
                { settings with Dropout = false }
                { settings with BatchNorm = false }
                { settings with Float64 = false }
            ]

        plainer |> Seq.filter ((<>) settings)

    let arb: Arbitrary<Settings> = Arb.fromGenShrink (gen, simpler)
