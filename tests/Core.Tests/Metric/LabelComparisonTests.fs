/// Losses and miners compare labels in the way that is set.
module MetricLearning.Core.Tests.Metric.LabelComparisonTests

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.RandomBatches
open MetricLearning.Core.Tests.Support.SeveralLabels

let private any = LabelComparison.AnyInCommon

let private byRow = Func<Tensor, Tensor, Tensor>(fun x y -> (x.eq y).all -1L)

let private five = Nullable 5

// The same pairs in other words.
let private equivalents: (string * LabelComparison) list =
    [
        "any class in common", any
        "the same classes", LabelComparison.Jaccard 1.0
        "half of the classes", LabelComparison.Jaccard(0.5, Nullable 0.5)
        "own rows", LabelComparison.Own(byRow, readsRows = true)
    ]

// A loss of its miner's masks.
let private handedOver (comparison: LabelComparison) (labels: torch.Tensor) : float[] =
    use _ = torch.NewDisposeScope()
    let miner = MultiSimilarityMiner(LabelComparison = comparison)
    use loss = new ContrastiveLoss(LabelComparison = comparison)
    let rows = (embeddings 3 12).requires_grad_ true
    let choice = miner.MineForLoss(rows, labels, seed)
    loss.ComputeChosen(rows, labels, choice, seed).backward()
    floats (gradient rows)

let private inTiles (make: unit -> Loss) (labels: torch.Tensor) (references: (torch.Tensor * torch.Tensor) option) =
    let small () =
        let loss = make ()
        let input = MetricInput(embeddings 1 12, null, Tuples.All, null, null, lazy seed)
        let width = max 12L (loss.NumbersPerAnchor input)
        loss.MaxMemory <- max 1L (width * 5L * 8L * 16L)
        loss

    outcome small labels Tuples.All references

let private near (one: float[] list) (other: float[] list) (what: string) =
    for one, other in List.zip one other do
        let scale = Seq.append [ 1.0 ] (Seq.map abs one) |> Seq.max

        for x, y in Array.zip one other do
            Expect.isTrue (abs (x - y) <= 1e-9 * scale) $"{what}: {x} and {y}"

let private sameAsEquality =
    testList
        "one class a sample, as rows, is one label a sample"
        [
            for name, plain in comparing LabelComparison.Equal (Nullable()) do
                test name {
                    use _ = torch.NewDisposeScope()
                    let labels = vector EveryPart.packagedLabels
                    let others, otherLabels = embeddings 7 9, vector [ 0; 1; 2; 3; 0; 1; 4; 4; 2 ]

                    let takesReferences, takesTuples =
                        using plain (fun loss -> loss.TakesReferences, loss.TakesTuples)

                    let tuples =
                        [
                            Tuples.All
                            if takesTuples then
                                BatchHardMiner().Mine(embeddings 1 12, labels)
                        ]

                    for how, comparison in equivalents do
                        let rows = snd (comparing comparison five |> List.find (fst >> (=) name))

                        for tuples in tuples do
                            Expect.equal
                                (outcome rows (rowsOf labels) tuples None)
                                (outcome plain labels tuples None)
                                $"{how}, a batch"

                        if takesReferences then
                            Expect.equal
                                (outcome rows (rowsOf labels) Tuples.All (Some(others, rowsOf otherLabels)))
                                (outcome plain labels Tuples.All (Some(others, otherLabels)))
                                $"{how}, references"
                }

            for name, plain in miners LabelComparison.Equal do
                test name {
                    use _ = torch.NewDisposeScope()
                    let labels = vector EveryPart.packagedLabels

                    let mined (make: unit -> Miner) labels (references: torch.Tensor | null) refLabels =
                        indices (make().Mine(embeddings 1 12, labels, references, refLabels, seed))

                    for how, comparison in equivalents do
                        let rows = snd (miners comparison |> List.find (fst >> (=) name))

                        Expect.equal
                            (mined rows (rowsOf labels) null null)
                            (mined plain labels null null)
                            $"{how}, a batch"

                        Expect.equal
                            (mined rows (rowsOf labels) (embeddings 2 12) (rowsOf labels))
                            (mined plain labels (embeddings 2 12) labels)
                            $"{how}, references"
                }

            test "from a miner to a loss" {
                use _ = torch.NewDisposeScope()
                let labels = vector EveryPart.packagedLabels

                for how, comparison in equivalents do
                    Expect.equal (handedOver comparison (rowsOf labels)) (handedOver LabelComparison.Equal labels) how
            }

            test "a pool of all pairs" {
                use _ = torch.NewDisposeScope()
                let labels = vector EveryPart.packagedLabels

                let mined (comparison: LabelComparison) (labels: torch.Tensor) =
                    let miner = HDCMiner(LabelComparison = comparison)
                    miner.SetIdxExternally(Tuples.All, labels)
                    indices (miner.Mine(embeddings 1 12, labels))

                Expect.equal (mined any (rowsOf labels)) (mined LabelComparison.Equal labels) "as by one label"
            }
        ]

let private ofSeveral =
    testList
        "several classes a sample"
        [
            for name, make in comparing any five do
                test name {
                    use _ = torch.NewDisposeScope()
                    let rows = several ()
                    let whole = outcome make rows Tuples.All None
                    Expect.equal (outcome make (reordered rows) Tuples.All None) whole "columns have no order"

                    let independent, takesReferences =
                        using make (fun loss -> loss.AnchorsAreIndependent, loss.TakesReferences)

                    if independent then
                        near whole (inTiles make rows None) "tiles"

                        if takesReferences then
                            let references = Some(embeddings 7 12, reordered rows)

                            near
                                (outcome make rows Tuples.All references)
                                (inTiles make rows references)
                                "tiles, references"
                }

            for name, make in miners any do
                test name {
                    use _ = torch.NewDisposeScope()

                    let mined rows =
                        indices (make().Mine(embeddings 1 12, rows, null, null, seed))

                    Expect.equal (mined (reordered (several ()))) (mined (several ())) "columns have no order"
                }

            test "without labels in common nobody is anybody's positive" {
                use _ = torch.NewDisposeScope()
                let none = torch.zeros (12L, 5L, dtype = torch.int64)

                for name, make in miners any do
                    match make().Mine(embeddings 1 12, none, null, null, seed) with
                    | Tuples.Pairs(a1, _, a2, n) ->
                        Expect.equal (a1.size 0) 0L name
                        Expect.isFalse ((a2.eq n).any().item<bool>()) $"{name}: no sample is its own negative"
                    | Tuples.Triplets(a, _, _) when name <> "EmbeddingsAlreadyPackagedAsTriplets" ->
                        Expect.equal (a.size 0) 0L name
                    | _ -> ()
            }

            test "random triplets" {
                use _ = torch.NewDisposeScope()
                let rows = several ()
                let input = MetricInput(embeddings 1 12, null, Tuples.All, null, null, lazy seed)
                let struct (a, p, n) = LabelMasks.triplets any (Nullable 4) (lazy seed) rows null
                Expect.isNull input.Labels "no labels"
                let matches, differs = LabelMasks.compared any rows null
                Expect.isGreaterThan (a.size 0) 0L "some"
                Expect.isTrue (matches.index(a, p).all().item<bool>()) "positives match"
                Expect.isTrue (differs.index(a, n).all().item<bool>()) "negatives differ"
                let have = matches.any(1L).logical_and(differs.any 1L).sum().item<int64>()
                Expect.equal (a.size 0) (4L * have) "four for each anchor that has both"
            }

            test "more than is compared at once" {
                use _ = torch.NewDisposeScope()
                use generator = new torch.Generator(5UL)

                let rows =
                    torch.randint (2L, [| 4200L; 4L |], dtype = torch.int64, generator = generator)

                let input =
                    (MetricInput(torch.zeros (4200L, 1L), null, Tuples.All, null, null, lazy seed))
                        .Against(torch.zeros (4200L, 1L), null, Tuples.All, null, null, null)

                let compared =
                    input.ComparedBy(any).Against(torch.zeros (4200L, 1L), rows, Tuples.All, null, null, null)

                let matches, differs = LabelMasks.compared any rows null

                let sum pick =
                    (LabelBlocks.sum compared pick).item<int64>()

                Expect.equal (sum (fun struct (matches, _) -> matches.sum ())) (matches.sum().item<int64>()) "matches"
                Expect.equal (sum (fun struct (_, differs) -> differs.sum ())) (differs.sum().item<int64>()) "differs"
            }
        ]

let tests = testList "comparisons of labels" [ sameAsEquality; ofSeveral ]
