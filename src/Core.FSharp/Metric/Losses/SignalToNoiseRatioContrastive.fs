namespace MetricLearning

open MetricLearning.Core

/// The contrastive loss on the signal-to-noise distance (Yuan et al. 2019, "Signal-to-noise ratio: a robust distance
/// metric for deep metric learning").
module SignalToNoiseRatioContrastive =

    /// As documented.
    let defaults: Contrastive = { PosMargin = 0.0; NegMargin = 1.0 }

    /// An error unless the distance is the signal-to-noise one.
    let check (distance: Distance) : unit =
        if distance.Kind <> DistanceKind.SignalToNoise then
            invalidArg
                (nameof distance)
                "SignalToNoiseRatioContrastiveLoss needs SNRDistance: leave the distance out, or use ContrastiveLoss."

    /// Distance and reducer where none is given: signal to noise, the mean of those above 0.
    let settings (given: LossSettings) : LossSettings =
        given
        |> LossSettings.orElse (fun () -> SNRDistance()) (fun () -> AvgNonZeroReducer())
        |> LossSettings.checkDistance check

    /// The loss, with settings beyond its own options.
    let lossWith (given: LossSettings) (options: Contrastive) : Loss =
        new FormulaLoss(settings given, Contrastive.parts, Contrastive.elements options)

    /// The loss.
    let loss (options: Contrastive) : Loss = lossWith LossSettings.defaults options
