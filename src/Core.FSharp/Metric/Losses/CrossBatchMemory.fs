namespace MetricLearning

open System
open System.Runtime.InteropServices
open TorchSharp

/// A loss against the embeddings of earlier batches (Wang et al. 2020, "Cross-batch memory for embedding learning"). The
/// batch is remembered first; its samples are never their own positives. Tuples are added to those of the miner: in a
/// trainer their positives and negatives are of the batch, by hand they are rows of the memory (`CurrBatchIdx`: the rows of
/// the batch). All memory is in registered buffers, and so part of the training state: `embedding_memory` (M × D),
/// `label_memory` (M, or M × columns), and `queue`, the numbers of a ring.
[<Sealed>]
type CrossBatchMemory
    /// <param name="loss">The loss; any that takes reference embeddings. It becomes a part of this one.</param>
    /// <param name="embeddingSize">Dimension of the embeddings.</param>
    /// <param name="memorySize">Number of embeddings that are remembered; at least a batch.</param>
    /// <param name="miner">Chooses tuples between the batch and the memory; null: all there are. A trainer's tuple miner
    /// adds pairs within the batch.</param>
    /// <param name="warmUp">Number of first calls in which the batch is compared with itself only, while the memory
    /// fills.</param>
    /// <param name="labelColumns">Number of columns of the labels, for a loss whose LabelComparison reads rows; null: one label a
    /// sample.</param>
    (
        loss: Loss,
        embeddingSize: int,
        [<Optional; DefaultParameterValue(1024)>] memorySize: int,
        [<Optional; DefaultParameterValue(null: Miner | null)>] miner: Miner | null,
        [<Optional; DefaultParameterValue(0)>] warmUp: int,
        [<Optional>] labelColumns: Nullable<int>
    ) as this =
    inherit Loss("CrossBatchMemory")

    let size = int64 memorySize

    do
        MemoryChecks.parts loss miner labelColumns
        MemoryChecks.numbers embeddingSize memorySize warmUp
        this.TuplesAreOfBatch <- false
        this.ComparisonOfParts <- fun () -> loss.LabelComparison
        this.register_module ("loss", loss)
        MemoryRows.register this size (int64 embeddingSize) labelColumns

    let ring () = MemoryRows.ring this

    let mine (input: MetricInput) (embeddings: torch.Tensor) (labels: torch.Tensor) references refLabels own : Tuples =
        match miner with
        | null -> Tuples.All
        | miner -> miner.MineWith(embeddings, labels, Tuples.All, references, refLabels, own, input.LazySeed)

    // The loss of a batch against a memory in which its samples may lie at `own`.
    let against (input: MetricInput) embeddings labels (tuples: Tuples) memory (memoryLabels: torch.Tensor) own =
        match tuples, own with
        | Tuples.All, _
        | _, null -> loss.ComputeOn(input.Against(embeddings, labels, tuples, memory, memoryLabels, own))
        | chosen, own ->
            let chosen = TupleIndices.withoutOwn own chosen
            loss.ComputeOn(input.Against(embeddings, labels, chosen, memory, memoryLabels, own))

    let ofBatch (input: MetricInput) (labels: torch.Tensor) : torch.Tensor =
        let tuples =
            match mine input input.Embeddings labels null null null, input.Tuples with
            | Tuples.All, given -> given
            | mined, Tuples.All -> mined
            | mined, given -> TupleIndices.join mined given

        loss.ComputeOn(input.Against(input.Embeddings, labels, tuples, null, null, null))

    let ofMemory (input: MetricInput) (labels: torch.Tensor) (ring: Ring) : torch.Tensor =
        let struct (memory, memoryLabels) = MemoryRows.read this input.Embeddings ring
        let own = Ring.lastPlaces size input.Embeddings.device ring
        let mined = mine input input.Embeddings labels memory memoryLabels own

        let tuples =
            match mined, input.Tuples with
            | mined, Tuples.All -> mined
            | mined, given ->
                let mined =
                    match mined with
                    | Tuples.All ->
                        let all =
                            input.Against(input.Embeddings, labels, Tuples.All, memory, memoryLabels, own)

                        let struct (a1, p, a2, n) = all.Pairs()
                        Tuples.Pairs(a1, p, a2, n)
                    | chosen -> chosen

                TupleIndices.join
                    mined
                    (if input.InTraining then
                         TupleIndices.moveTo own given
                     else
                         given)

        against input input.Embeddings labels tuples memory memoryLabels own

    // The loss of queries against the memory, once it has the keys.
    let contrast (input: MetricInput) queries queryLabels (keys: torch.Tensor) (keyLabels: torch.Tensor) =
        if miner :? EmbeddingsAlreadyPackagedAsTriplets then
            invalidOp
                "Triplets that lie side by side in a batch are not among the rows of a memory: give the CrossBatchMemory another miner, or none, where queries are compared with keys."

        let ring = MemoryRows.write this keys keyLabels

        let struct (memory, memoryLabels) =
            if ring.Calls <= int64 warmUp then
                struct (keys.detach (), keyLabels)
            else
                MemoryRows.read this input.Embeddings ring

        if (queries: torch.Tensor).size 0 = 0L || memory.size 0 = 0L then
            Reducer.Zero input.Embeddings
        else
            let tuples = mine input queries queryLabels memory memoryLabels null
            against input queries queryLabels tuples memory memoryLabels null

    let check = MemoryChecks.widths embeddingSize labelColumns

    /// Chooses tuples between the batch and the memory; null: all there are.
    member _.Miner = miner

    /// The loss that compares the batch with the memory.
    member _.WrappedLoss = loss

    /// The row of the memory that will be written next.
    member _.QueueIdx: int64 = (ring ()).Next

    /// True if the whole memory has been written once.
    member _.HasBeenFilled: bool = (ring ()).IsFilled

    /// The rows of the memory with the embeddings of the last call (int64), in their order.
    member _.CurrBatchIdx: torch.Tensor =
        Ring.lastPlaces size (this.Remembered "queue").device (ring ())

    override this.CheckDistance _ = Wrapping.refuseDistance this.Name

    override this.CheckLabelComparison _ = ComparisonChecks.ofParts this.Name

    override _.TakesTuples = loss.TakesTuples

    override _.TakesReferences = false

    override _.ComputeLoss input =
        if not input.IsSelf then
            invalidArg "refEmbeddings" "CrossBatchMemory takes no reference embeddings: it remembers its own."

        let labels = input.RequireLabels()
        check input.Embeddings labels
        let rows, before = input.Embeddings.size 0, ring ()
        let isWarmUp = before.Calls < int64 warmUp

        let references =
            if isWarmUp || input.InTraining then
                rows
            else
                Ring.used size (Ring.advance size rows before)

        TupleRanges.check rows references input.Tuples
        let ring = MemoryRows.write this input.Embeddings labels

        let total =
            if isWarmUp then ofBatch input labels
            elif rows = 0L then Reducer.Zero input.Embeddings
            else ofMemory input labels ring

        [| ElementsOf.Reduced("loss", total) |]

    /// The loss of some of a batch, the queries, while the others are remembered: those with a true `enqueueMask` (N).
    /// A momentum encoder's embeddings can thus be references only.
    member this.Compute(embeddings: torch.Tensor, labels: torch.Tensor, enqueueMask: torch.Tensor) : torch.Tensor =
        ArgumentNullException.ThrowIfNull(labels, nameof labels)
        ArgumentNullException.ThrowIfNull(enqueueMask, nameof enqueueMask)

        let input =
            MetricInput(
                embeddings,
                labels,
                ChosenTuples.all,
                null,
                null,
                TorchSeed.draw (),
                null,
                false,
                null,
                this.LabelComparison
            )

        check embeddings (input.RequireLabels())
        MemoryChecks.mask embeddings enqueueMask

        let mask = enqueueMask.``to`` embeddings.device
        let labels = input.RequireLabels()

        let rowsOf (mask: torch.Tensor) =
            let rows = mask.nonzero().select(1L, 0L)
            struct (InOrder.rows rows embeddings, InOrder.rows rows labels)

        let struct (remembered, rememberedLabels) = rowsOf mask
        let struct (queries, queryLabels) = rowsOf (mask.logical_not ())
        let total = contrast input queries queryLabels remembered rememberedLabels
        this.Finish([| ElementsOf.Reduced("loss", total) |], input)

    /// The loss of queries as trainers compute it, once the keys are remembered.
    member internal this.ComputeQueries
        (queries: torch.Tensor, labels: torch.Tensor, keys: torch.Tensor, keyLabels: torch.Tensor, seed: Seed)
        : torch.Tensor =
        check queries labels
        check keys keyLabels

        let input =
            TrainingInput.make this.LabelComparison queries labels ChosenTuples.all null null (lazy seed)

        let total = contrast input queries (input.RequireLabels()) keys keyLabels
        this.Finish([| ElementsOf.Reduced("loss", total) |], input)

    /// Forgets everything, and starts the warm-up again.
    member _.ResetQueue() : unit = MemoryRows.reset this
