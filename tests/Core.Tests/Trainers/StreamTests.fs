module MetricLearning.Core.Tests.Trainers.StreamTests

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

let private tripletsOf (tuples: Tuples) =
    match tuples with
    | Tuples.Triplets(a, p, n) -> Array.zip3 (numbers a) (numbers p) (numbers n)
    | other -> failtest $"triplets, not {other}"

let private streams (labels: int64[]) : TwoStreams =
    {
        Anchors = embeddings 1 labels.Length
        Others = embeddings 2 labels.Length
        Labels = vector labels
    }

let private mined (miners: (string * Miner) list) (streams: TwoStreams) : Mined =
    TwoStream.mine (context [] [] miners [] 1L) streams

let tests =
    testList
        "two streams"
        [
            testPropertyWithConfig
                few
                "without a miner, all triplets across the streams, one's own counterpart among the positives"
            <| fun (codes: byte[]) ->
                use _ = torch.NewDisposeScope()
                let labels = classes codes
                let size = labels.Length

                let expected =
                    [|
                        for a in 0 .. size - 1 do
                            for p in 0 .. size - 1 do
                                for n in 0 .. size - 1 do
                                    if labels[a] = labels[p] && labels[a] <> labels[n] then
                                        int64 a, int64 (size + p), int64 (size + n)
                    |]

                let mined = mined [] (streams labels)
                Expect.equal (set (tripletsOf mined.Tuples)) (set expected) "triplets"
                Expect.equal (tripletsOf mined.Tuples).Length expected.Length "each once"

                if Array.distinct labels |> Array.length > 1 then
                    let own =
                        tripletsOf mined.Tuples
                        |> Array.filter (fun (a, p, _) -> p = a + int64 size)
                        |> Array.map (fun (a, _, _) -> a)

                    Expect.equal (set own) (set [ for row in 0L .. int64 size - 1L -> row ]) "everybody's counterpart"

            test "both streams are one set, anchors first, with their labels twice" {
                use _ = torch.NewDisposeScope()
                let streams = streams [| 0L; 1L; 0L |]
                let mined = mined [] streams

                Expect.equal
                    (floats mined.Embeddings)
                    (Array.append (floats streams.Anchors) (floats streams.Others))
                    "rows"

                Expect.equal (numbers mined.Labels) [| 0L; 1L; 0L; 0L; 1L; 0L |] "labels"
            }

            test "a tuple miner gets the others as references, and its pairs are shifted" {
                use _ = torch.NewDisposeScope()
                let streams = streams [| 0L; 1L; 0L; 2L |]
                let seen = List<MetricInput>()

                let miner =
                    MadeMiner(fun input ->
                        seen.Add input
                        Tuples.Pairs(vector [ 0; 2 ], vector [ 0; 0 ], vector [ 1 ], vector [ 3 ]))

                let mined = mined [ Keys.TupleMiner, miner ] streams
                let input = Seq.exactlyOne seen
                Expect.equal (floats input.Embeddings) (floats streams.Anchors) "anchors"
                Expect.equal (floats (nonNull input.References)) (floats streams.Others) "references"
                Expect.isFalse input.IsSelf "two sets"

                match mined.Tuples with
                | Tuples.Pairs(a1, p, a2, n) ->
                    Expect.equal (numbers a1, numbers p) ([| 0L; 2L |], [| 4L; 4L |]) "positive pairs"
                    Expect.equal (numbers a2, numbers n) ([| 1L |], [| 7L |]) "negative pairs"
                | other -> failtest $"{other}"
            }

            test "triplets of a miner are shifted by their positives and negatives" {
                use _ = torch.NewDisposeScope()

                let miner =
                    MadeMiner(fun _ -> Tuples.Triplets(vector [ 1 ], vector [ 1 ], vector [ 0 ]))

                let mined = mined [ Keys.TupleMiner, miner ] (streams [| 0L; 1L |])
                Expect.equal (tripletsOf mined.Tuples) [| 1L, 3L, 2L |] "the triplet"
            }

            test "each stream has a forward pass of its own" {
                use _ = torch.NewDisposeScope()
                let calls = List<float[]>()

                let trunk =
                    new Made(fun input ->
                        calls.Add(floats input)
                        input * 2.0)

                let loss = new Noting()

                let ctx =
                    context [ Keys.Trunk, trunk ] [ Keys.MetricLoss, loss ] [] [ Keys.MetricLoss ] 1L

                let anchors, others = embeddings 1 3, embeddings 2 3

                Halves.losses TwoStreamMetricLoss.recipe.Halves ctx (batch [ anchors; others ] [ 0; 1; 0 ])
                |> ignore

                Expect.equal (List.ofSeq calls) [ floats anchors; floats others ] "anchors, then the others"

                Expect.equal
                    (floats (Seq.exactlyOne loss.Given).Embeddings)
                    (Array.map ((*) 2.0) (Array.append calls[0] calls[1]))
                    "what the loss sees"
            }

            test "a sample of one input, or of three, is no pair of streams" {
                use _ = torch.NewDisposeScope()
                let ctx = context [ Keys.Trunk, identity () ] [] [] [] 1L

                for inputs in [ 1; 3 ] do
                    throws<System.InvalidOperationException>
                        $"these have {inputs} input(s) besides the label"
                        (fun () ->
                            TwoStream.embed ctx (batch [ for number in 1..inputs -> embeddings number 2 ] [ 0; 1 ])
                            |> ignore)
            }
        ]
