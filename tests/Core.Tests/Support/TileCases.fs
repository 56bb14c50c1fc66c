/// Batches for losses that are computed tile by tile, and what a loss makes of them.
module MetricLearning.Core.Tests.Support.TileCases

open System
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support.RandomBatches

/// What a loss is given.
type Batch =
    {
        Name: string
        Labels: int64 list
        Tuples: Tuples
        /// References with labels of their own (Some), or without (null).
        References: (int * int64 list option) option
    }

let private alone =
    {
        Name = "alone"
        Labels = [ 0; 0; 1; 2; 1; 2; 0; 3; 2; 3; 1 ]
        Tuples = Tuples.All
        References = None
    }

let private pairs a1 p a2 n =
    Tuples.Pairs(vector a1, vector p, vector a2, vector n)

let private withReferences =
    { alone with
        Name = "references"
        References = Some(7, Some [ 1; 0; 2; 2; 0; 1; 3 ])
    }

/// Batches by what they are like.
let batches: Batch list =
    [
        alone
        { alone with
            Name = "no positives"
            Labels = [ 0; 1; 2; 3 ]
        }
        { alone with
            Name = "no negatives"
            Labels = [ for _ in 0..10 -> 1 ]
        }
        { alone with
            Name = "some without positives"
            Labels = [ 0; 1; 2; 3; 1; 2; 1; 1; 2; 2; 1 ]
        }
        { alone with
            Name = "pairs"
            Tuples =
                pairs [ 9; 0; 0; 4; 2; 6 ] [ 7; 1; 6; 2; 10; 0 ] [ 0; 9; 2; 2; 5; 4; 0; 8 ] [ 3; 1; 3; 0; 0; 9; 7; 0 ]
        }
        { alone with
            Name = "pairs, some twice"
            Tuples = pairs [ 0; 0; 4; 0 ] [ 1; 6; 2; 1 ] [ 0; 4; 2; 4; 0 ] [ 3; 9; 3; 9; 5 ]
        }
        { alone with
            Name = "positive pairs alone"
            Tuples = pairs [ 0; 0; 4 ] [ 1; 6; 2 ] [] []
        }
        { alone with
            Name = "negative pairs alone"
            Tuples = pairs [] [] [ 0; 4; 2 ] [ 3; 9; 3 ]
        }
        { alone with
            Name = "no pair"
            Tuples = pairs [] [] [] []
        }
        { alone with
            Name = "triplets"
            Tuples =
                Tuples.Triplets(vector [ 3; 0; 0; 8; 10; 0 ], vector [ 5; 1; 6; 3; 2; 1 ], vector [ 0; 2; 7; 1; 0; 4 ])
        }
        withReferences
        { withReferences with
            Name = "references, pairs"
            Tuples = pairs [ 8; 0; 0; 4 ] [ 3; 1; 4; 5 ] [ 0; 9; 2; 2; 5 ] [ 3; 1; 1; 6; 0 ]
        }
        { alone with
            Name = "references without labels"
            References = Some(11, None)
        }
        { alone with
            Name = "three samples"
            Labels = [ 1; 1; 0 ]
        }
        { alone with
            Name = "one sample"
            Labels = [ 1 ]
        }
        { alone with
            Name = "none"
            Labels = []
        }
    ]

/// A value with gradients, or the kind of error.
type Outcome =
    | Values of float[] list
    | Refused of string

/// What a loss makes of embeddings, references and labels, by something that computes it: its value, and the gradients of both and of
/// what it learns.
let outcomeBy
    (compute: (unit -> torch.Tensor) -> torch.Tensor)
    (make: unit -> Loss)
    (batch: Batch)
    (change: Loss -> MetricInput -> unit)
    : Outcome =
    use _ = torch.NewDisposeScope()
    use loss = make ()
    loss.``to`` torch.float64 |> ignore
    let rows = (embeddings 5 batch.Labels.Length).requires_grad_ true
    let labels = vector batch.Labels

    let references, refLabels: (torch.Tensor | null) * (torch.Tensor | null) =
        match batch.References with
        | None -> null, null
        | Some(size, None) -> (embeddings 6 size).requires_grad_ true, null
        | Some(size, Some labels) -> (embeddings 6 size).requires_grad_ true, vector labels

    try
        change loss (MetricInput(rows, labels, batch.Tuples, references, refLabels, lazy seed))

        let value =
            compute (fun () -> loss.Compute(rows, labels, batch.Tuples, references, refLabels))

        // Weighed and added to something else, as in a trainer.
        (value * 3.0 + rows.sum ()).backward()

        Values
            [
                Expectations.floats value
                Expectations.floats (gradient rows)

                match references with
                | null -> ()
                | given -> Expectations.floats (gradient given)

                for parameter in loss.parameters () do
                    Expectations.floats (gradient parameter)
            ]
    with error ->
        Refused(error.GetType().Name)

/// The same, computed as it is.
let outcome = outcomeBy (fun compute -> compute ())

/// The most that the loss may take for tiles of about so many anchors.
let memoryFor (anchors: int64) (loss: Loss) (input: MetricInput) : int64 =
    max 1L (loss.NumbersPerAnchor input * anchors * 8L * 16L)

/// True if both are the same but for rounding.
let areAlike (one: Outcome) (other: Outcome) : bool =
    let near (scale: float) (x: float) (y: float) =
        x = y || Double.IsNaN x && Double.IsNaN y || abs (x - y) <= 1e-9 * scale

    match one, other with
    | Refused one, Refused other -> one = other
    | Values one, Values other ->
        List.forall2
            (fun (one: float[]) (other: float[]) ->
                let scale =
                    max 1.0 (Seq.append [ 0.0 ] (Seq.filter Double.IsFinite one |> Seq.map abs) |> Seq.max)

                one.Length = other.Length && Array.forall2 (near scale) one other)
            one
            other
    | _ -> false
