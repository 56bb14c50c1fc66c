namespace MetricLearning

open System
open TorchSharp

/// Choosing a threshold by labelled pairs.
module internal Calibration =

    // Pairs sorted from near to far, and the effect of accepting the first 0, 1, … of them.
    [<ReferenceEquality>]
    type private Cuts =
        {
            // (n + 1) float64: the numbers of accepted pairs that belong together, and that do not.
            TruePositives: torch.Tensor
            FalsePositives: torch.Tensor
            // (n + 1) bool: equal pairs cannot be told apart.
            AreApart: torch.Tensor
            Positives: float
            Negatives: float
        }

    let private cuts (sorted: torch.Tensor) (same: torch.Tensor) : Cuts =
        let counted (mask: torch.Tensor) =
            let none = torch.zeros (1L, dtype = torch.float64, device = mask.device)
            torch.cat ([| none; mask.to_type(torch.float64).cumsum 0L |], 0L)

        let ends = torch.ones (1L, dtype = torch.bool, device = sorted.device)
        let count = sorted.size 0
        let apart = sorted.narrow(0L, 1L, count - 1L).ne(sorted.narrow (0L, 0L, count - 1L))
        let truePositives, falsePositives = counted same, counted (same.logical_not ())

        {
            TruePositives = truePositives
            FalsePositives = falsePositives
            AreApart = torch.cat ([| ends; apart; ends |], 0L)
            Positives = truePositives[count].item<float>()
            Negatives = falsePositives[count].item<float>()
        }

    // The share of accepted pairs that belong together; 0 where none is accepted, as no goal is served by that.
    let private precision (weight: float) (cuts: Cuts) : torch.Tensor =
        (cuts.TruePositives
         / (cuts.TruePositives .+. cuts.FalsePositives .* weight).clamp_min(Numeric.scalar Double.Epsilon))

    let private where (allowed: torch.Tensor) (values: torch.Tensor) : torch.Tensor =
        values.masked_fill (allowed.logical_not (), Numeric.scalar -1.0)

    // Largest at the best cut; the first of equal ones, which is the strictest, is taken.
    let private merit (goal: CalibrationGoal) (weight: float) (cuts: Cuts) : torch.Tensor =
        let truePositives, falsePositives =
            cuts.TruePositives, cuts.FalsePositives .* weight

        match goal with
        | CalibrationGoal.MostRight -> truePositives - falsePositives
        | CalibrationGoal.BestF1 -> truePositives .* 2.0 / (truePositives .+. falsePositives .+ cuts.Positives)
        | CalibrationGoal.AtMost atMost ->
            let allowed = cuts.FalsePositives.le (Numeric.scalar (atMost * cuts.Negatives))
            truePositives |> where allowed
        | CalibrationGoal.PreciseBy atLeast ->
            truePositives |> where ((precision weight cuts).ge(Numeric.scalar atLeast))
        | CalibrationGoal.Recalling atLeast ->
            let recall = truePositives / Numeric.scalar cuts.Positives
            precision weight cuts |> where (recall.ge (Numeric.scalar atLeast))

    // Only a precision can be out of reach.
    let private checkReached (goal: CalibrationGoal) (weight: float) (cuts: Cuts) (bestMerit: float) : unit =
        match goal with
        | CalibrationGoal.PreciseBy atLeast when bestMerit < 0.0 ->
            let best = (precision weight cuts |> where cuts.AreApart).max().item<float>()

            invalidArg
                (nameof goal)
                $"No threshold has a precision of {atLeast}: the best on these pairs is {best:R}. Ask for at most that, or train the networks further."
        | _ -> ()

    // Distances of this type are compared with the threshold, so it has their precision.
    let private rounded (dtype: torch.ScalarType) (value: float) : float =
        if dtype = torch.float64 then
            value
        else
            float (float32 value)

    let private below (dtype: torch.ScalarType) (value: float) : float =
        if dtype = torch.float64 then
            Math.BitDecrement value
        else
            float (MathF.BitDecrement(float32 value))

    // Between the last pair that is accepted and the first that is not.
    let private between (sorted: torch.Tensor) (cut: int64) : float =
        let at (place: int64) =
            sorted[place].to_type(torch.float64).item<float>()

        if cut = 0L then
            below sorted.dtype (at 0L)
        elif cut = sorted.size 0 then
            at (cut - 1L)
        else
            let accepted, refused = at (cut - 1L), at cut
            let middle = rounded sorted.dtype (accepted + (refused - accepted) / 2.0)
            // Of neighbouring numbers there is none between.
            if middle < refused && Double.IsFinite middle then
                middle
            else
                accepted

    /// The best threshold for pairs at these distances (n), of which `same` (n, bool) belong together: halfway to the next pair that
    /// does not match. Each pair that does not belong together counts `negativeWeight` times (1 unless they are a sample).
    /// ArgumentException without pairs of both kinds, or with NaN among the distances.
    let chooseWeighted
        (goal: CalibrationGoal)
        (isInverted: bool)
        (negativeWeight: float)
        (distances: torch.Tensor)
        (same: torch.Tensor)
        : CalibratedThreshold =
        use _ = torch.no_grad ()
        use _ = torch.NewDisposeScope()
        let distances = Numeric.atLeast32 distances

        if distances.numel () = 0L then
            invalidArg (nameof distances) "There are no pairs to choose a threshold by."

        if distances.isnan().any().item<bool>() then
            invalidArg (nameof distances) "Some distances are NaN: the networks have broken weights, or were given NaN."

        let struct (sorted, order) =
            (if isInverted then distances.neg () else distances).sort(0L, stable = true)

        let cuts = cuts sorted (same.to_type(torch.bool).index_select(0L, order))

        if cuts.Positives = 0.0 || cuts.Negatives = 0.0 then
            invalidArg
                (nameof same)
                $"{cuts.Positives} pairs belong together and {cuts.Negatives} do not: a threshold needs some of both. Give samples of at least two classes, and at least two of one."

        let merits =
            (merit goal negativeWeight cuts)
                .masked_fill(cuts.AreApart.logical_not (), Numeric.scalar Double.NegativeInfinity)

        let best = merits.argmax().item<int64>()
        checkReached goal negativeWeight cuts (merits[best].item<float>())

        let truePositives, falsePositives =
            cuts.TruePositives[best].item<float>(), cuts.FalsePositives[best].item<float>()

        let accepted = truePositives + negativeWeight * falsePositives
        let negatives = negativeWeight * cuts.Negatives

        {
            Threshold = between sorted best * (if isInverted then -1.0 else 1.0)
            Accuracy =
                (truePositives + negativeWeight * (cuts.Negatives - falsePositives))
                / (cuts.Positives + negatives)
            Precision = if accepted = 0.0 then 1.0 else truePositives / accepted
            Recall = truePositives / cuts.Positives
            F1 = 2.0 * truePositives / (accepted + cuts.Positives)
            FalseAcceptRate = falsePositives / cuts.Negatives
            Positives = int64 cuts.Positives
            Negatives = int64 cuts.Negatives
        }

    /// `chooseWeighted`, where each pair counts as one.
    let choose
        (goal: CalibrationGoal)
        (isInverted: bool)
        (distances: torch.Tensor)
        (same: torch.Tensor)
        : CalibratedThreshold =
        chooseWeighted goal isInverted 1.0 distances same
