namespace MetricLearning

open System
open TorchSharp

/// The proxies that samples belong to, as numbers from 0 to `count` − 1.
module internal MetaClasses =

    /// A random proxy for each of `samples` samples: every proxy once before one is taken again.
    let draw (count: int) (samples: int64) (seed: Seed) : int64[] =
        let once = Seed.shuffle [| 0L .. int64 count - 1L |] seed

        [|
            for row in 0L .. samples - 1L ->
                if row < int64 count then
                    once[int row]
                else
                    Seed.below (int64 count) row (Seed.derive "repeated" 0L seed)
        |]

    /// Numbers of proxies as given, or an error.
    let check (count: int) (embeddings: torch.Tensor) (metaClasses: torch.Tensor) : torch.Tensor =
        ArgumentNullException.ThrowIfNull(metaClasses, nameof metaClasses)

        if
            metaClasses.dim () <> 1L
            || metaClasses.size 0 <> embeddings.size 0
            || metaClasses.is_floating_point ()
        then
            invalidArg
                (nameof metaClasses)
                $"metaClasses must be a vector of {embeddings.size 0} whole numbers, a proxy for each embedding."

        let given = metaClasses.``to`` (torch.ScalarType.Int64, embeddings.device)

        if
            given.size 0 > 0L
            && (given.min().item<int64>() < 0L || given.max().item<int64>() >= int64 count)
        then
            invalidArg (nameof metaClasses) $"metaClasses are numbers of proxies, from 0 to {count - 1}."

        given
