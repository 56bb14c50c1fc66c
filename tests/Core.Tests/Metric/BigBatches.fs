/// Every loss and every miner on 2,048 samples, of which 32 make a class: 4 million pairs, 128 million triplets.
module MetricLearning.Core.Tests.Metric.BigBatches

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.RandomBatches

let private rows, classes, size = 2048L, 64L, 8L

let private random (number: uint64) : torch.Tensor =
    use generator = new torch.Generator(number)
    torch.randn (rows, size, dtype = torch.float32, generator = generator)

// These need room for each triplet; 4 samples a class still make 12 million.
let private largest =
    set
        [
            "TripletMargin with swap"
            "DynamicSoftMargin"
            "PNP O"
            "TripletMargin miner"
            "Angular miner"
        ]

let private labels (name: string) =
    torch.arange (rows) % (if largest.Contains name then rows / 4L else classes)

// The variants of PNP differ in what they make of one sum.
let private isVariant (name: string) =
    name.StartsWith "PNP" && name <> "PNP O"

let private ofClasses: (string * (unit -> Loss)) list =
    (everyOf (int classes) (int size) |> List.filter (fst >> isVariant >> not))
    @ [
        "P2SGrad", (fun () -> new P2SGradLoss(int size, int classes) :> Loss)
        "DynamicSoftMargin", (fun () -> new DynamicSoftMarginLoss())
        "CrossBatch", (fun () -> new CrossBatchMemory(new ContrastiveLoss(), int size, memorySize = int rows))
    ]

// Without labels; whether there is another view.
let private ofViews: (string * (unit -> Loss) * bool) list =
    [
        "Manifold", (fun () -> new ManifoldLoss(int size)), false
        "VICReg", (fun () -> new VICRegLoss()), true
        "SelfSupervised", (fun () -> new SelfSupervisedLoss(new NTXentLoss())), true
        "DynamicSoftMargin of views", (fun () -> new DynamicSoftMarginLoss()), true
    ]

let private isFinite (make: unit -> Loss) (labels: torch.Tensor | null) (other: torch.Tensor | null) =
    use loss = make ()
    let embeddings = (random 1UL).requires_grad_ true
    let value = loss.Compute(embeddings, labels, Tuples.All, other, null, seed)
    value.backward ()
    Expect.isTrue (Double.IsFinite(number value)) $"value {number value}"
    Expect.isTrue ((gradient embeddings).isfinite().all().item<bool>()) "gradient"

let tests =
    testSequenced (
        testList
            "2,048 samples"
            [
                for name, make in ofClasses do
                    test $"{name}: finite" {
                        use _ = torch.NewDisposeScope()
                        isFinite make (labels name) null
                    }

                for name, make, hasOther in ofViews do
                    test $"{name}: finite" {
                        use _ = torch.NewDisposeScope()
                        isFinite make null (if hasOther then withNull (random 2UL) else null)
                    }

                for name, make in MinerCases.miners do
                    test $"{name} miner: pairs that labels allow" {
                        use _ = torch.NewDisposeScope()
                        let labels = labels $"{name} miner"
                        let classOf (indices: torch.Tensor) = labels.index_select (0L, indices)
                        let agree (first: torch.Tensor) (second: torch.Tensor) = (classOf first).eq(classOf second)
                        let all (mask: torch.Tensor) = mask.all().item<bool>()

                        let a1, p, a2, n =
                            match make().Mine(random 1UL, labels) with
                            | Tuples.Pairs(a1, p, a2, n) -> a1, p, a2, n
                            | Tuples.Triplets(a, p, n) -> a, p, a, n
                            | Tuples.All -> failtest "all"

                        Expect.isTrue (a1.size 0 > 0L && a2.size 0 > 0L) "some"
                        Expect.isTrue (all (agree a1 p)) "positives"
                        Expect.isFalse ((agree a2 n).any().item<bool>()) "negatives"
                    }
            ]
    )
