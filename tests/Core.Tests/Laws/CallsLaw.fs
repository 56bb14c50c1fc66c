module MetricLearning.Core.Tests.Laws.CallsLaw

open Expecto
open MetricLearning
open MetricLearning.Benchmarks

// What an iteration asks of libtorch at most: operations with those of the backward pass, and tensors that are made; without a miner,
// then with one.
let private bounds =
    [
        "TripletMargin", (66, 75), (77, 88)
        "Contrastive", (66, 70), (77, 83)
        "NTXent", (63, 47), (73, 58)
        "MultiSimilarity", (64, 56), (74, 67)
        "ArcFace", (65, 79), (91, 110)
    ]

let tests =
    testList
        "calls of libtorch in an iteration"
        [
            for name, alone, mined in bounds do
                for miner, (operations, tensors) in [ None, alone; Some(MultiSimilarityMiner() :> Miner), mined ] do
                    let title =
                        if miner.IsSome then
                            $"MultiSimilarityMiner and {name}"
                        else
                            name

                    test
                        $"{title}: at most {operations} operations, {tensors} tensors, nothing of a size that data decide" {
                        let _, make = CountedIteration.losses |> List.find (fst >> (=) name)
                        use loss = make ()
                        let calls = CountedIteration.run miner loss
                        Expect.isLessThanOrEqual calls.Tensors tensors "tensors"

                        if LibtorchCalls.isPossible then
                            Expect.isLessThanOrEqual calls.Kernels operations "operations"
                            Expect.equal calls.Waits 0 "waits"
                    }
        ]
