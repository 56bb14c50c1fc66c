module MetricLearning.Core.Tests.Metric.MaskedPairTests

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.RandomBatches

let private miners =
    [
        for name, make in EveryPart.miners do
            match make () with
            | :? PairMiner -> name, (fun () -> make () :?> PairMiner)
            | _ -> ()
    ]

// Of one class, of as many classes as samples, and of some of each.
let private batches =
    [
        "classes", [ for row in 0..39 -> row * row % 4 ]
        "one class", [ for _ in 0..39 -> 0 ]
        "no two of a class", [ for row in 0..39 -> row ]
    ]

// Losses that know of four classes only.
let private hasClasses (name: string) =
    name.EndsWith("a class", StringComparison.Ordinal)
    || List.exists (fst >> (=) name) weighted

let private valueAndGradients (loss: Loss) (rows: torch.Tensor) (compute: torch.Tensor -> torch.Tensor) =
    let rows = rows.detach().clone().requires_grad_ true
    loss.zero_grad ()
    let value = compute rows
    value.backward ()

    Array.append
        [| value.detach () |]
        [|
            for leaf in Seq.append [ rows ] (Seq.cast (loss.parameters ())) -> (gradient leaf).clone()
        |]

let tests =
    testList
        "pairs as masks"
        [
            test "are those of these miners" {
                Expect.containsAll
                    (List.map fst miners)
                    [ "MultiSimilarityMiner"; "PairMarginMiner" ]
                    "over the assembly"
            }
            for minerName, makeMiner in miners do
                for what, codes in batches do
                    for name, make in every do
                        if (takes name).Tuples && (what = "classes" || not (hasClasses name)) then
                            test $"{name} of {minerName}, {what}: as those of lists" {
                                using make (fun loss ->
                                    let labels = vector (Seq.map int64 codes)
                                    let rows = embeddings 3 40
                                    let miner = makeMiner ()

                                    let listed =
                                        valueAndGradients loss rows (fun rows ->
                                            loss.Compute(rows, labels, miner.Mine(rows, labels), null, null, seed))

                                    let counts = Seq.toArray miner.Stats

                                    let masked =
                                        valueAndGradients loss rows (fun rows ->
                                            loss.ComputeChosen(
                                                rows,
                                                labels,
                                                miner.MineForLoss(rows, labels, seed),
                                                seed
                                            ))

                                    Expect.equal (Seq.toArray miner.Stats) counts "the same counts"

                                    for expected, found in Array.zip listed masked do
                                        let apart = (expected - found).abs().max().item<float>()
                                        let most = expected.abs().max().item<float>()
                                        Expect.isLessThanOrEqual apart (1e-12 * max 1.0 most) "value and gradients")
                            }
        ]
