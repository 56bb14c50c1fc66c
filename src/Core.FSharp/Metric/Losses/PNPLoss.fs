namespace MetricLearning

open System
open System.Runtime.InteropServices
open TorchSharp

/// A penalty on the number r of negatives before each positive of an anchor, and before the anchor itself, counted softly (Li et
/// al. 2021, "Rethinking the optimization of average precision: only penalizing negative instances before positive ones is
/// enough"). It is made from anchors × their positives × samples.
[<Sealed>]
type PNPLoss
    /// <param name="b">Bend of variant Ib.</param>
    /// <param name="alpha">Exponent of variant Dq.</param>
    /// <param name="anneal">Softness of counting: the smaller, the nearer to whole numbers.</param>
    /// <param name="variant">Growth of the penalty.</param>
    (
        [<Optional; DefaultParameterValue(2.0)>] b: float,
        [<Optional; DefaultParameterValue(1.0)>] alpha: float,
        [<Optional; DefaultParameterValue(0.01)>] anneal: float,
        [<Optional; DefaultParameterValue(PNPVariant.O)>] variant: PNPVariant
    ) =
    inherit Loss("PNPLoss", CosineSimilarity())

    do
        if not (Enum.IsDefined variant) then
            invalidArg (nameof variant) $"There is no variant {int variant}: Ds, Dq, Iu, Ib or O."

    let penalty (before: torch.Tensor) : torch.Tensor =
        match variant with
        | PNPVariant.Ds -> before.log1p ()
        | PNPVariant.Dq -> 1.0 -. (1.0 +. before).pow(Numeric.scalar -alpha)
        | PNPVariant.Iu -> (1.0 +. before) * before.log1p ()
        | PNPVariant.Ib -> (before .* b - (before .* b).log1p()) ./ (b * b)
        | _ -> before

    override _.AnchorsAreIndependent = true
    override _.NumbersPerAnchor input = RowNumbers.ofPositives input

    override this.CheckDistance distance =
        DistanceChecks.cosine this.Name distance

    override _.TakesTuples = false

    override _.TakesReferences = false

    override this.ComputeLoss input =
        input.RejectReference()
        input.RejectTuples()
        let labels = input.RequireLabels()

        let ofAll =
            match input.RefLabels with
            | null -> labels
            | given -> given

        let matches = input.Matches()
        let hasPositive = matches.any 1L
        // An anchor that has positives is one of them.
        let agrees =
            match input.Comparison.IsEquality, input.IsOther() with
            | true, _
            | _, null -> Tuples.matches labels ofAll
            | _, others -> matches.logical_or (others.logical_not ())

        let struct (a, i) = Tuples.places (agrees.logical_and (hasPositive.unsqueeze 1L))

        if a.size 0 = 0L then
            [| ElementsOf.Nothing("loss", input.Embeddings) |]
        else
            let similarity = Numeric.atLeast32 (InputDistances.matrix this.Distance input)
            let rows = InOrder.rows a similarity
            let excess = (rows - rows.gather (1L, i.unsqueeze 1L)) ./ anneal
            // Beyond 50 a step is as good as whole, and has no slope.
            let steps = excess.clamp(Numeric.scalar -50.0, Numeric.scalar 50.0).sigmoid()
            let before = (steps * InOrder.rows a (input.Differs())).sum 1L

            let ofAnchor =
                torch.zeros (labels.size 0, dtype = before.dtype, device = before.device)
                |> InOrder.add a (penalty before)

            let mean = ofAnchor / (matches.sum(1L).plus 1L)

            [|
                FoldedElements("loss", [| mean.sum (); hasPositive.sum () |], (fun sums -> sums[0] / sums[1]))
            |]
