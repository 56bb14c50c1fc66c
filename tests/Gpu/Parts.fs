/// Every miner, distance, reducer and regularizer.
module Gpu.Parts

open TorchSharp
open MetricLearning
open MetricLearning.Core.Tests.Support

let private seed = Seed.ofInt64 5L

// Tuples in one order, because a device may list the same ones in another.
let private sorted (tuples: Tuples) : (string * Tensor) list =
    let rows (name: string) (columns: Tensor list) =
        let codes =
            columns
            |> List.map (fun column -> column.cpu ())
            |> List.reduce (fun codes column -> codes * 1000L + column)

        let struct (ordered, _) = codes.sort 0L
        name, ordered

    match tuples with
    | Tuples.All -> []
    | Tuples.Pairs(a1, p, a2, n) -> [ rows "positive pairs" [ a1; p ]; rows "negative pairs" [ a2; n ] ]
    | Tuples.Triplets(a, p, n) -> [ rows "triplets" [ a; p; n ] ]

let private miners (checks: Checks) =
    for name, make in EveryPart.miners do
        for hasReferences in [ false; true ] do
            let mine device dtype =
                let struct (samples, labels) = Across.batch 48L 5L 4L 11UL device dtype
                let struct (others, otherLabels) = Across.batch 48L 5L 4L 12UL device dtype

                let found =
                    if hasReferences then
                        make().Mine(samples, labels, others, otherLabels, seed)
                    else
                        make().Mine(samples, labels, null, null, seed)

                sorted found

            let isTaken =
                try
                    mine torch.CPU torch.float64 |> ignore
                    true
                with :? System.ArgumentException ->
                    false

            if isTaken then
                // In float64: in float32, whether a distance is beyond a margin may depend on the device.
                checks.Check(
                    name + (if hasReferences then " with references" else ""),
                    fun () ->
                        let found = mine checks.Device torch.float64

                        [
                            yield! Across.compare torch.float64 (mine torch.CPU torch.float64) found

                            if Across.bits (mine checks.Device torch.float64) <> Across.bits found then
                                "does not repeat"
                        ]
                )

let private distances (checks: Checks) =
    for name, make in
        [
            "LpDistance", (fun () -> LpDistance() :> Distance)
            "LpDistance, p = 1", (fun () -> LpDistance(p = 1.0))
            "LpDistance, squared", (fun () -> LpDistance(power = 2.0, normalizeEmbeddings = false))
            "CosineSimilarity", (fun () -> CosineSimilarity())
            "DotProductSimilarity", (fun () -> DotProductSimilarity(normalizeEmbeddings = false))
            "SNRDistance", (fun () -> SNRDistance())
        ] do
        Across.agree checks name (fun (device: torch.Device) (dtype: ScalarType) ->
            let struct (rows, _) = Across.batch 24L 5L 4L 11UL device dtype
            let struct (others, _) = Across.batch 20L 5L 4L 12UL device dtype
            let leaf = rows.detach().requires_grad_ true

            let matrix = make().Matrix(leaf, others)
            matrix.square().sum().backward()
            let blocks = ResizeArray<Tensor>()
            BatchedDistance(make (), (fun block _ _ -> blocks.Add(block.clone ())), 7).Matrix(rows, others)

            [
                "matrix", matrix
                "gradient", nonNull leaf.grad
                "blocks", torch.cat (blocks, 0L)
            ])

let private reducers (checks: Checks) =
    for title, makeLoss in
        [
            for name, make in Reduced.reducers do
                $"ContrastiveLoss, reducer {name}", (fun () -> new ContrastiveLoss(Reducer = make ()) :> Loss)
                $"SupConLoss, reducer {name}", (fun () -> new SupConLoss(Reducer = make ()))

            "SupConLoss, no reducer", (fun () -> new SupConLoss(Reducer = DoNothingReducer()))
            "MarginLoss, divisor reducer", (fun () -> new MarginLoss(Reducer = DivisorReducer()))
        ] do
        Across.agree checks title (fun (device: torch.Device) (dtype: ScalarType) ->
            use loss = makeLoss ()
            let struct (rows, labels) = Across.batch 24L 5L 4L 11UL device dtype
            let leaf = rows.detach().requires_grad_ true
            let total = loss.Compute(leaf, labels)
            total.sum().backward()
            [ "value", total; "gradient", nonNull leaf.grad ])

let private regularizers (checks: Checks) =
    for name, make in
        [
            "LpRegularizer", (fun () -> LpRegularizer() :> Regularizer)
            "ZeroMeanRegularizer", (fun () -> ZeroMeanRegularizer())
            "CenterInvariantRegularizer", (fun () -> CenterInvariantRegularizer())
            "RegularFaceRegularizer", (fun () -> RegularFaceRegularizer())
            "SparseCentersRegularizer", (fun () -> SparseCentersRegularizer(6, 4))
        ] do
        Across.agree checks name (fun (device: torch.Device) (dtype: ScalarType) ->
            let struct (rows, _) = Across.batch 24L 5L 4L 11UL device dtype
            let leaf = rows.detach().requires_grad_ true
            let total = make().Compute leaf
            total.sum().backward()
            [ "value", total; "gradient", nonNull leaf.grad ])

let run (checks: Checks) : unit =
    miners checks
    distances checks
    reducers checks
    regularizers checks
