namespace MetricLearning

open System
open TorchSharp

/// Options of k-means.
type internal KMeansOptions =
    {
        /// Maximum number of iterations.
        Iterations: int
        /// The approximate memory that assigning may use, in bytes.
        MaxBytes: int64
    }

/// Lloyd's k-means, begun with greedy k-means++ (Arthur & Vassilvitskii 2007).
module internal KMeans =

    /// 25 iterations.
    let defaults: KMeansOptions =
        {
            Iterations = 25
            MaxBytes = CustomKNN.DefaultMaxBytes
        }

    // Each further centre is a sample, as likely as its squared distance from the centres so far: of a few such ones, the
    // one that brings the samples nearest to their centres.
    let private plusPlus (seed: Seed) (samples: torch.Tensor) (clusters: int64) : torch.Tensor =
        let count = samples.size 0
        let tries = 2L + int64 (log (float clusters))
        use generator = TorchSeed.generator seed

        let draws =
            torch.rand([| clusters; tries |], dtype = torch.float64, generator = generator).``to`` samples.device

        let centres =
            torch.empty ([| clusters; samples.size 1 |], dtype = samples.dtype, device = samples.device)

        let squares = (samples * samples).sum(1L, true)

        let nearest =
            torch.ones ([| 1L; count |], dtype = torch.float64, device = samples.device)

        for place in 0L .. clusters - 1L do
            use _ = torch.NewDisposeScope()
            // On the CPU, because CUDA's running sums are not the same bits in every call.
            let upTo = nearest.view(-1L).cpu().cumsum(0L).``to`` samples.device
            let aims = draws.select (0L, place) * upTo.narrow (0L, count - 1L, 1L)

            // Above the last where all that is left has been chosen.
            let chosen =
                torch.searchsorted(upTo, aims, right = true).clamp_max_(Numeric.whole (count - 1L))

            let candidates = samples.index_select (0L, chosen)

            let distances =
                (squares.t () .+. squares.index_select (0L, chosen)
                 - candidates.mm (samples.t ()) .* 2.0)
                    .to_type(torch.float64)
                    .clamp_min_(Numeric.scalar 0.0)

            let left = if place = 0L then distances else nearest.minimum distances

            let best = left.sum(1L).argmin(0L, true)
            nearest.copy_ (left.index_select (0L, best)) |> ignore

            centres.narrow(0L, place, 1L).copy_(candidates.index_select (0L, best))
            |> ignore

        centres

    // Means of the samples of each cluster. A cluster without any begins anew at a sample that is far from its centre.
    let private moved
        (samples: torch.Tensor)
        (centres: torch.Tensor)
        (places: torch.Tensor)
        (distances: torch.Tensor)
        : torch.Tensor =
        let clusters = centres.size 0
        let sums = torch.zeros_like centres |> InOrder.add places samples
        let counts = places.bincount (null, clusters)
        let isEmpty = counts.eq (Numeric.whole 0L)
        let struct (_, farthest) = distances.sort (0L, descending = true, stable = true)

        let rank =
            (isEmpty.to_type(torch.int64).cumsum 0L).sub_(Numeric.whole 1L).clamp_min_(Numeric.whole 0L)

        let fresh = samples.index_select (0L, farthest.index_select (0L, rank))
        let means = sums / (Numeric.atLeastOne counts).to_type(samples.dtype).unsqueeze 1L
        torch.where (isEmpty.unsqueeze 1L, fresh, means)

    /// The cluster (0 to `clusters` − 1) of every row of `samples` (N × D): (N) int64, the caller's. Random choices follow
    /// the seed alone. Fewer distinct rows than clusters leave clusters empty.
    /// ArgumentException when there are fewer rows than clusters.
    let cluster (options: KMeansOptions) (seed: Seed) (samples: torch.Tensor) (clusters: int) : torch.Tensor =
        if samples.dim () <> 2L then
            invalidArg (nameof samples) "Embeddings must be a matrix, one row a sample."

        Ranges.atLeast 1L (nameof clusters) (int64 clusters)

        if int64 clusters > samples.size 0 then
            invalidArg (nameof clusters) $"{samples.size 0} samples cannot make {clusters} clusters: ask for fewer."

        use _ = torch.no_grad ()
        use scope = torch.NewDisposeScope()
        let samples = Numeric.atLeast32 (samples.detach ())
        let samples = Offset.remover samples samples

        let search =
            CustomKNN((CustomKNN.SquaredEuclidean).Distance, maxBytes = options.MaxBytes)

        let nearest (centres: torch.Tensor) =
            search.Search(samples, 1L, centres, false)

        let mutable centres = plusPlus seed samples (int64 clusters)
        let mutable found = nearest centres
        let mutable left = options.Iterations

        while left > 0 do
            use inner = torch.NewDisposeScope()
            let next = moved samples centres (found.Indices.view -1L) (found.Distances.view -1L)
            let again = nearest next

            left <-
                if again.Indices.eq(found.Indices).all().item<bool>() then
                    0
                else
                    left - 1

            inner.MoveToOuter(next, again.Indices, again.Distances) |> ignore
            centres.Dispose()
            (found :> IDisposable).Dispose()
            centres <- next
            found <- again

        scope.MoveToOuter(found.Indices.view -1L)
