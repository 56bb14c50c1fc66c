namespace MetricLearning

open TorchSharp

/// √(2 − 2 cos) of every two centres of one class: merges the centres that a class does not need (Qian et al. 2019,
/// "SoftTriple loss"), for the weights of SoftTripleLoss. The default reducer divides the sum by twice the number of
/// pairs. The distance must be CosineSimilarity.
[<Sealed>]
type SparseCentersRegularizer
    /// <param name="numClasses">The number of classes.</param>
    /// <param name="centersPerClass">The number of rows of each class, side by side; at least 2.</param>
    (numClasses: int, centersPerClass: int) =
    inherit
        Regularizer(
            "SparseCentersRegularizer",
            CosineSimilarity(),
            DivisorReducer(),
            "same_class_center_sim",
            "diff_class_center_sim"
        )

    do
        if numClasses < 1 || centersPerClass < 2 then
            invalidArg
                (nameof numClasses)
                $"SparseCentersRegularizer needs at least one class and two centres a class; it was given {numClasses} and {centersPerClass}."

    let classes, centers = int64 numClasses, int64 centersPerClass

    // Every two different centres of a class.
    let first, second =
        [|
            for i in 0L .. centers - 1L do
                for j in i + 1L .. centers - 1L -> i, j
        |]
        |> Array.unzip

    override this.CheckDistance distance =
        DistanceChecks.cosine this.Name distance

    member private this.RecordMeans(rows: torch.Tensor) : unit =
        let mean (choose: torch.Tensor -> torch.Tensor) () =
            let labels = Numeric.upTo classes rows.device
            let chosen = choose (labels.repeat_interleave centers)
            this.Distance.Matrix(rows, null).masked_select(chosen).mean()

        this.Statistics.Record("same_class_center_sim", mean (fun labels -> Tuples.matches labels null))
        this.Statistics.Record("diff_class_center_sim", mean (fun labels -> Tuples.differs labels null))

    override this.ComputeLoss rows =
        if rows.size 0 <> classes * centers then
            invalidArg
                (nameof rows)
                $"SparseCentersRegularizer was made for {classes} classes of {centers} centres; there are {rows.size 0} rows."

        this.RecordMeans rows

        let cosines =
            let normal = this.Distance.Normalize(rows).reshape(classes, centers, rows.size 1)
            this.Distance.Raise(normal.bmm (normal.transpose (1L, 2L)))

        let index (numbers: int64[]) =
            torch.tensor (numbers, device = rows.device)

        let pairs =
            cosines.flatten(1L).index_select(1L, index (Array.map2 (fun i j -> i * centers + j) first second))

        // The root of 0 has no finite slope, and centres that have become one should stay as they are.
        let gaps = (2.0 -. 2.0 *. pairs).clamp_min(Numeric.scalar (Numeric.tiny rows.dtype))

        let firstRows =
            ((Numeric.upTo classes rows.device).unsqueeze(1L).times centers
             .+. (index first).unsqueeze 0L)
                .flatten()

        let divisor = torch.tensor (2L * gaps.NumberOfElements, device = rows.device)
        MaskedElements("loss", ElementKind.Element, gaps.sqrt().flatten(), null, [| firstRows |], divisor, null, true)
