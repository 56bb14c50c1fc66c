namespace MetricLearning

open System.Collections.Generic
open TorchSharp

/// Unit rows and distance matrices that a miner computes of a batch's embeddings and the loss needs as well, each with its
/// graph. It goes from the miner to the loss with the miner's choice, is good for these very embeddings, and ends with the
/// dispose scope of its maker, the iteration's.
[<Sealed>]
type internal SharedDistances(embeddings: torch.Tensor) =
    let scope = OpenScope()
    let known = Dictionary<obj, torch.Tensor>()

    /// True if these are the embeddings it is of, and it can still be used.
    member _.AreOf(others: torch.Tensor) : bool =
        scope.IsOpen && obj.ReferenceEquals(others, embeddings)

    /// The tensor of a key; computed at the first call, with its graph even where no gradient is recorded.
    member _.Of(key: obj, compute: unit -> torch.Tensor) : torch.Tensor =
        match known.TryGetValue key with
        | true, found -> found
        | _ ->
            use _ = torch.enable_grad ()
            let made = scope.Take(compute ())
            known[key] <- made
            made
