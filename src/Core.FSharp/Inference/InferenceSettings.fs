namespace MetricLearning

open MetricLearning.Core
open System
open TorchSharp

/// How trained networks are used.
[<RequireQualifiedAccess; ReferenceEquality>]
type InferenceSettings =
    {
        /// Tells what matches.
        MatchFinder: MatchFinder
        /// Whether embeddings are scaled to length 1.
        NormalizeEmbeddings: bool
        /// Finds nearest neighbours.
        KnnFunc: KnnFunc
        /// Where inputs are put; null: where the networks' parameters are.
        Device: torch.Device | null
        /// What floating-point inputs are converted to; null: nothing is.
        Dtype: Nullable<torch.ScalarType>
        /// Threads that read samples; 0: the caller's.
        Workers: int
        /// How samples of data sets are read.
        Reading: Reading
    }

    /// A cosine of 0.9 is a match; embeddings of length 1; neighbours by squared Euclidean distance.
    static member Default =
        {
            MatchFinder = MatchFinder.Default
            NormalizeEmbeddings = true
            KnnFunc = ExactKnn.SquaredEuclidean
            Device = null
            Dtype = Nullable()
            Workers = 0
            Reading = Reading.Default
        }
