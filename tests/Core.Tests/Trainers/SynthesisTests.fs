module MetricLearning.Core.Tests.Trainers.SynthesisTests

open System
open Expecto
open FsCheck
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.RandomBatches
open MetricLearning.Core.Tests.Support.Contexts

let private labels = [ for row in 0L .. 9L -> row % 3L ]

let private featured () : Featured =
    {
        Features = embeddings 4 labels.Length
        Labels = vector labels
    }

let private withGenerator generator miners seed =
    context [ Keys.Generator, generator ] [] miners [] seed

/// The generator that takes the middle third, plus one.
let private middle =
    new Made(fun triplets -> triplets.narrow (1L, 5L, 5L) + 1.0) :> torch.nn.Module<torch.Tensor, torch.Tensor>

let private generated perAnchor miners seed =
    Option.get (SyntheticNegatives.generate perAnchor (withGenerator middle miners seed) (featured ()))

let private rows (tensor: torch.Tensor) = floats tensor |> Array.chunkBySize 5

let private choiceOf perAnchor seed =
    let made = generated perAnchor [] seed
    Array.zip3 (rows made.Anchors) (rows made.Positives) (rows made.Negatives)

let tests =
    testList
        "synthetic negatives"
        [
            test "a row is a triplet of one class, its negative of another, and what the generator made of all three" {
                use _ = torch.NewDisposeScope()
                let features = featured ()
                let classOf = dict (Array.zip (rows features.Features) (List.toArray labels))
                let made = generated (Nullable 2) [] 1L
                let triplets = int (made.Anchors.size 0)
                Expect.equal triplets (2 * labels.Length) "two for each sample"

                let labels = numbers made.Labels |> Array.chunkBySize triplets

                for row, (anchor, positive, negative) in Array.indexed (choiceOf (Nullable 2) 1L) do
                    Expect.equal classOf[anchor] classOf[positive] "a positive"
                    Expect.notEqual classOf[anchor] classOf[negative] "a negative"

                    Expect.equal
                        [ for part in labels -> part[row] ]
                        [ classOf[anchor]; classOf[positive]; classOf[negative] ]
                        "labels: the synthetic one's are the negative's"

                    let generated = rows made.Generated
                    Expect.equal generated[row] (Array.map ((+) 1.0) positive) "what was made"
            }

            testSequenced ( // libtorch's generator is one for the process
                testPropertyWithConfig
                    few
                    "the choice of triplets is a function of the step's seed"
                    (fun (seed: int) (PositiveInt users) ->
                        use _ = torch.NewDisposeScope()
                        let perAnchor = Nullable 3
                        torch.manual_seed (int64 users) |> ignore
                        let one = choiceOf perAnchor (int64 seed)
                        torch.manual_seed (int64 users + 1L) |> ignore
                        Expect.equal (choiceOf perAnchor (int64 seed)) one "whatever libtorch's generator"
                        Expect.notEqual (choiceOf perAnchor (int64 seed + 1L)) one "another seed")
            )

            test "without a number, all triplets there are" {
                use _ = torch.NewDisposeScope()
                let struct (a, _, _) = Tuples.allTriplets (vector labels) null
                let chosen = choiceOf (Nullable()) 1L
                Expect.equal chosen.Length (int (a.size 0)) "as many"
                Expect.equal (Array.distinct chosen).Length chosen.Length "each once"
                Expect.equal (choiceOf (Nullable()) 2L) chosen "nothing is left to chance"
            }

            test "a miner of the generator's own chooses them" {
                use _ = torch.NewDisposeScope()

                let miner =
                    MadeMiner(fun _ -> Tuples.Triplets(vector [ 3; 0 ], vector [ 6; 9 ], vector [ 1; 2 ]))

                let made = generated (Nullable 100) [ Keys.GeneratorTripletMiner, miner ] 1L
                let features = rows (featured ()).Features
                Expect.equal (rows made.Anchors) [| features[3]; features[0] |] "anchors"
                Expect.equal (rows made.Positives) [| features[6]; features[9] |] "positives"
                Expect.equal (rows made.Negatives) [| features[1]; features[2] |] "negatives"
            }

            for name, inputs, outputs in
                [
                    "takes too few", 14L, 5L
                    "takes too many", 16L, 5L
                    "makes too few", 15L, 4L
                    "makes too many", 15L, 6L
                    "is that of one sample", 5L, 5L
                ] do
                test $"a generator that {name}: both sizes are named" {
                    use _ = torch.NewDisposeScope()
                    let ctx = withGenerator (linear inputs outputs) [] 1L

                    throws<InvalidOperationException>
                        "The generator must take 3 × 5 = 15 numbers (a triplet of the trunk's outputs) and make 5"
                        (fun () -> SyntheticNegatives.generate (Nullable 2) ctx (featured ()) |> ignore)
                }

            test "a generator's own mistake is not taken for a wrong size" {
                use _ = torch.NewDisposeScope()
                let broken = new Made(fun _ -> raise (NotSupportedException "not today"))

                throws<NotSupportedException> "not today" (fun () ->
                    SyntheticNegatives.generate (Nullable 2) (withGenerator broken [] 1L) (featured ())
                    |> ignore)
            }

            test "features that are no matrix are refused" {
                use _ = torch.NewDisposeScope()
                let features = (featured ()).Features.reshape(10L, 5L, 1L)

                throws<InvalidOperationException> "it has 3 dimensions" (fun () ->
                    SyntheticNegatives.generate
                        (Nullable 2)
                        (withGenerator middle [] 1L)
                        { featured () with Features = features }
                    |> ignore)
            }

            test "hard and regularisation losses are mean squared differences of normalised rows" {
                use _ = torch.NewDisposeScope()
                let made = generated (Nullable 2) [] 1L

                let normal (tensor: torch.Tensor) =
                    rows tensor
                    |> Array.map (fun row ->
                        let length = sqrt (Array.sumBy (fun number -> number * number) row)
                        Array.map (fun number -> number / length) row)
                    |> Array.concat

                let expected (like: torch.Tensor) =
                    Array.map2 (fun x y -> (x - y) * (x - y)) (normal made.Generated) (normal like)
                    |> Array.average

                isNear
                    1e-12
                    (number (SyntheticNegatives.distanceTo _.Anchors made))
                    (expected made.Anchors)
                    "to anchors"

                isNear
                    1e-12
                    (number (SyntheticNegatives.distanceTo _.Negatives made))
                    (expected made.Negatives)
                    "to negatives"
            }

            for phase, epoch in [ Phase.GeneratorAlone, 1; Phase.Together, 2 ] do
                test $"a batch without triplets: {phase} has losses of zero, and gradients" {
                    use _ = torch.NewDisposeScope()
                    let generator = linear 15L 5L

                    let losses: (string * Loss) list =
                        [
                            Keys.MetricLoss, new TripletMarginLoss()
                            Keys.SynthLoss, new TripletMarginLoss()
                            Keys.GeneratorAdversarialLoss, new TripletMarginLoss()
                        ]

                    let counting = Phase.losses phase |> List.except [ Keys.ClassifierLoss ]

                    let ctx =
                        context [ Keys.Trunk, linear 5L 5L; Keys.Generator, generator ] losses [] counting 1L

                    let recipe =
                        DeepAdversarialMetricLearning.recipe
                            { DeepAdversarialMetricLearning.defaults with
                                GeneratorAloneEpochs = epoch % 2
                            }

                    for labels in [ [ 0L; 0L; 0L ]; [ 0L; 1L; 2L ] ] do
                        let (Losses terms) =
                            Halves.losses recipe.Halves ctx (batch [ embeddings 1 3 ] labels)

                        Expect.equal
                            (List.sort (List.map fst terms))
                            (List.sort counting)
                            "every loss of the phase has a value"

                        for name, loss in terms do
                            Expect.equal (number loss) 0.0 name

                        (terms |> List.map snd |> List.reduce (fun sum loss -> sum + loss)).backward()

                        for parameter in generator.parameters () do
                            Expect.equal (number ((gradient parameter).abs().sum())) 0.0 "the generator's gradient"
                            Expect.isNotNull parameter.grad "there is one"
                }
        ]
