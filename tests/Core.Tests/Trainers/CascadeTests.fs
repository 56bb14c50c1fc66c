module MetricLearning.Core.Tests.Trainers.CascadeTests

open System.Collections.Generic
open Expecto
open FsCheck
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.RandomBatches
open MetricLearning.Core.Tests.Support.Contexts

let private embedded (rows: torch.Tensor) (labels: int64 seq) : Embedded =
    {
        Embeddings = rows
        Labels = vector labels
    }

let private labels = [ for row in 0L .. 15L -> row % 4L ]

let private pairsOf (tuples: Tuples) =
    match tuples with
    | Tuples.Pairs(a1, p, a2, n) -> Array.zip (numbers a1) (numbers p), Array.zip (numbers a2) (numbers n)
    | other -> failtest $"pairs were to be mined, not {other}"

let private numbered = Keys.numbered

/// What the losses of two sections of three numbers were given, with these miners.
let private given (miners: (string * Miner) list) : MetricInput list =
    let losses = [ for _ in 0..1 -> new Noting() ]

    let ctx =
        context
            [ Keys.Trunk, identity () ]
            [
                for number, loss in List.indexed losses -> numbered Keys.MetricLoss number, loss :> Loss
            ]
            miners
            [ for number in 0..1 -> numbered Keys.MetricLoss number ]
            1L

    let rows =
        torch.randn (16L, 6L, dtype = torch.float64, generator = new torch.Generator 3uL)

    Halves.losses (CascadedEmbeddings.recipe [ 3; 3 ]).Halves ctx (batch [ rows ] labels)
    |> ignore

    [ for loss in losses -> Seq.exactlyOne loss.Given ]

let private hardest () : Miner = HDCMiner()

let private halfOf (count: int) = (count + 1) / 2

let tests =
    testList
        "cascade"
        [
            testPropertyWithConfig few "sections are consecutive columns, and the rest is not used"
            <| fun (sizes: PositiveInt list) (NonNegativeInt rest) ->
                use _ = torch.NewDisposeScope()
                let sizes = sizes |> List.map (fun size -> 1 + size.Get % 5)
                let rest = rest % 3
                let width = List.sum sizes + rest
                let rows = matrix 3 width (fun row column -> 100.0 * row + column)
                let sections = Cascade.sections sizes (embedded rows [ 0; 1; 2 ])

                let columns =
                    [
                        for section in sections do
                            yield! floats (section.Embeddings.select (0L, 0L))
                    ]

                Expect.equal columns [ for column in 0 .. width - rest - 1 -> float column ] "columns of the first row"
                Expect.equal [ for section in sections -> int (section.Embeddings.size 1) ] sizes "widths"

            test "sizes that are too large: both numbers are named" {
                use _ = torch.NewDisposeScope()
                let rows = matrix 3 5 (+)

                let cut () =
                    Cascade.sections [ 4; 2 ] (embedded rows [ 0; 1; 2 ]) |> ignore

                throws<System.InvalidOperationException> "4 + 2 = 6" cut
                throws<System.InvalidOperationException> "embeddings have 5 numbers" cut
            }

            test "each stage is given what the one before handed on, the first everything" {
                use _ = torch.NewDisposeScope()
                let rows = matrix 3 6 (+)
                let seen = List<int * Tuples>()

                let handed =
                    [|
                        for number in 0L .. 2L -> Tuples.Triplets(vector [ number ], vector [ 0 ], vector [ 1 ])
                    |]

                let stage number tuples _ =
                    seen.Add(number, tuples)
                    struct (handed[number], Losses [ $"loss {number}", rows.sum () ])

                let (Losses terms) = Cascade.fold [ 1; 2; 3 ] stage (embedded rows [ 0; 1; 2 ])
                Expect.equal (List.map fst terms) [ "loss 0"; "loss 1"; "loss 2" ] "all sections' losses"
                Expect.equal [ for number, _ in seen -> number ] [ 0; 1; 2 ] "in their order"
                Expect.equal (snd seen[0]) Tuples.All "the first"

                for number in 1..2 do
                    Expect.isTrue (obj.ReferenceEquals(snd seen[number], handed[number - 1])) $"stage {number}"
            }

            test "two hard-aware miners at a half keep half of the pairs, then half of those" {
                use _ = torch.NewDisposeScope()
                let all = Tuples.allPairs (vector labels) null
                let struct (a1, _, a2, _) = all

                let first, second =
                    match given [ for number in 0..1 -> numbered Keys.TupleMiner number, hardest () ] with
                    | [ first; second ] -> pairsOf first.Tuples, pairsOf second.Tuples
                    | _ -> failtest "two sections"

                for kind, first, second, count in
                    [
                        "positive", fst first, fst second, int (a1.size 0)
                        "negative", snd first, snd second, int (a2.size 0)
                    ] do
                    Expect.equal first.Length (halfOf count) $"{kind} pairs of the first"
                    Expect.equal second.Length (halfOf (halfOf count)) $"{kind} pairs of the second"
                    Expect.isTrue (Set.isSubset (set second) (set first)) $"{kind} pairs: the second's are the first's"
            }

            test "one miner object in both sections is as good as two" {
                use _ = torch.NewDisposeScope()
                let one = hardest ()
                let pairs = List.map (fun (input: MetricInput) -> pairsOf input.Tuples)

                Expect.equal
                    (pairs (given [ for number in 0..1 -> numbered Keys.TupleMiner number, one ]))
                    (pairs (given [ for number in 0..1 -> numbered Keys.TupleMiner number, hardest () ]))
                    "nothing is set on it"
            }

            test "after a section without a miner, a hard-aware miner chooses among all pairs" {
                use _ = torch.NewDisposeScope()
                let struct (a1, _, _, _) = Tuples.allPairs (vector labels) null
                let inputs = given [ numbered Keys.TupleMiner 1, hardest () ]
                Expect.equal inputs[0].Tuples Tuples.All "no miner: all tuples"
                let positives, _ = pairsOf inputs[1].Tuples
                Expect.equal positives.Length (halfOf (int (a1.size 0))) "half of all"
            }

            test "another miner chooses among all, whatever the section before chose" {
                use _ = torch.NewDisposeScope()

                let everything =
                    MadeMiner(fun input ->
                        let struct (a1, p, a2, n) = input.Pairs()
                        Tuples.Pairs(a1, p, a2, n))

                let inputs =
                    given
                        [
                            numbered Keys.TupleMiner 0, hardest ()
                            numbered Keys.TupleMiner 1, everything
                        ]

                let struct (a1, _, a2, _) = Tuples.allPairs (vector labels) null
                let positives, negatives = pairsOf inputs[1].Tuples
                Expect.equal (positives.Length, negatives.Length) (int (a1.size 0), int (a2.size 0)) "all pairs"
            }
        ]
